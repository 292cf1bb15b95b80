#pragma once

#include <memory>
#include <optional>

#include "batch/transport.hpp"
#include "dialect/dialect.hpp"
#include "expected_answer.hpp"

namespace app {

/// What becomes of answers that are not as they should be.
struct answer_rules {
    std::optional<expected_answer> expected;
    unsigned retries = 2;         ///< that a prompt is asked again, with a note
    bool fail_truncated = false;  ///< also what the model refused to answer
};

/** Looks at each answer: what is not as expected is asked again, and fails with
 * batch_errc::answer_not_as_expected in the end.
 *
 * Of several answers the last one stays; attempts, waiting and tokens are those of all, and `tries` says what
 * was wrong with the others. An answer that the model refused has the finish reason "refusal". One that was
 * cut off at its greatest length is not asked for again: it would be as long.
 *
 * On the transport's serial executor only.
 */
class checked_answers : public std::enable_shared_from_this<checked_answers> {
 public:
    using handler = stagger::batch::transport::handler;

    checked_answers(stagger::batch::transport through, answer_rules rules,
                    stagger::wire::encoding_context encoding)
        : through_(std::move(through)), rules_(std::move(rules)), encoding_(std::move(encoding)) {}

    /// The same transport, with answers that were looked at.
    stagger::batch::transport transport();

 private:
    struct question;

    void ask(std::shared_ptr<question> one, stagger::completion_request request);
    void answered(std::shared_ptr<question> one, stagger::error_code error, stagger::completion answer);

    stagger::batch::transport through_;
    answer_rules rules_;
    stagger::wire::encoding_context encoding_;
};

/// Whether an answer was cut off at its greatest length.
bool is_truncated(const stagger::completion& answer);
/// Whether the model refused to answer, or a filter did. Sets the finish reason that servers leave open.
bool note_refusal(stagger::completion& answer);

}  // namespace app
