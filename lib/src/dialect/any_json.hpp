#pragma once

#include "dialect/api_dialect.hpp"

namespace stagger::wire {

/// How the answer to any operation is read that no dialect knows: JSON of any kind, of which the usage is
/// taken where it has one. Only for reading; it is none of the registry's.
const api_dialect& any_json();

}  // namespace stagger::wire
