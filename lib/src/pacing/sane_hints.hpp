#pragma once

#include "stagger/hints.hpp"

namespace stagger {

/** @brief What of an answer's hints can be reckoned with.
 *
 * Counts have to be within 0..10^12 and resets within 0..31 days; others are left out, as if the header had
 * not been sent: such a number is a fault of whoever wrote it and says nothing of a limit. A Retry-After is
 * an order and is kept: a negative one counts as 0, a longer one than 31 days as 31 days.
 */
hints sane(const hints& said);

}  // namespace stagger
