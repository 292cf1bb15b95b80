#pragma once

#include "base/seconds.hpp"
#include "stagger/refusal_history.hpp"
#include "stagger/time.hpp"

namespace stagger {

/** @brief Tells refusals that are a prompt's own (or a model's, or a key's) from those of a limit.
 *
 * A limit refuses whoever comes; so the outcomes of others in the same time say how likely it was to be
 * refused by chance, and the product over all refusals how likely it was to be refused every time. A stretch
 * reaches from one refusal to the next. Where nobody else was sent and admitted in it, it proves nothing: the
 * server may have been closed to everybody, and what it still answers was sent before. Where somebody else
 * was refused in it, it is judged by its own outcomes, since refusals come in bursts; otherwise by all
 * outcomes since the first refusal.
 */
namespace own_refusals {

/** The probability that one more attempt is refused where those were the others: the mean of the Beta
 * distribution that a uniform prior leaves, and one standard deviation more, so that few others prove little.
 * At least 0.003.
 */
double chance_of_refusal(std::uint64_t admitted, std::uint64_t refused);

/// The first refusal of many: selected for being one, it is no evidence, and begins the first stretch.
void begin(refusal_evidence& evidence, const attempt_counts& others);
/** A further refusal.
 * @param others all outcomes so far but those of what was refused
 * @param sent_before others that had been sent when the refused attempt was: were a limit the reason, theirs
 * would have been refused by now
 */
void weigh(refusal_evidence& evidence, const attempt_counts& others, std::uint64_t sent_before);

/// Natural logarithm of the probability that chance explains all refusals; 0 where nothing speaks against it.
double log_chance(const refusal_evidence& evidence);

/// Others, since the first refusal.
std::uint64_t admitted_meanwhile(const refusal_evidence& evidence);

/// Chance does not look like the reason any more, or nobody else is refused: no harm is done by waiting a
/// little.
bool is_doubtful(const refusal_evidence& evidence);
/// Hardly chance, or nobody else is refused: such a refusal is not to be taken for a limit, of which others
/// would tell as well.
bool is_suspected(const refusal_evidence& evidence);
/// The same of a task, which at any limit may be refused twice.
bool is_suspected(const refusal_history& history);
/// Enough to let a whole kind wait by itself, which one admission undoes: below 1e-4.
bool is_established(const refusal_evidence& evidence);
/// Enough to end a task for good: chance explains it with a probability below 1e-9.
bool is_certain(const refusal_evidence& evidence);

/** A task was refused. The verdict, `refusal_history::own`, takes certainty, and some time.
 * @param alike outcomes of all attempts of its kind but this one
 * @param sent_before of its kind, when this one was sent
 * @param shortest from the first refusal to the verdict, at least
 */
void note(refusal_history& history, time_point now, const attempt_counts& alike, std::uint64_t sent_before,
          duration shortest);

/// The longest wait of a task that steps aside after so many refusals: the wait is drawn from zero to this.
seconds longest_wait(std::uint32_t refusals);

}  // namespace own_refusals

}  // namespace stagger
