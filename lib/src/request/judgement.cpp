#include "request/judgement.hpp"

namespace stagger::detail {

namespace {

/// @param before as the dialect has it, of a verdict that is another one
bool tells_limit(const wire::decoded_answer& before, verdict said) {
    switch (said) {
        case verdict::throttled:
            return true;
        case verdict::transient:
            return false;
        case verdict::ok:
        case verdict::permanent:
            break;
    }
    // A refusal is no admission, whatever it means to the caller.
    return before.tells_limit && before.what.verdict != verdict::throttled;
}

}  // namespace

attempt_result result_of(const wire::decoded_answer& ended) {
    const diagnostic& info = ended.answer.info;
    return ended.error ? attempt_result::of_error(ended.error, info, info.message)
                       : attempt_result::of(ended.answer);
}

void judge(wire::decoded_answer& ended, const retry_policy& policy) {
    if (policy.classifies_by_default()) return;
    const classification said = policy.classify(result_of(ended));
    if (said.verdict != ended.what.verdict) ended.tells_limit = tells_limit(ended, said.verdict);
    ended.what = said;
}

}  // namespace stagger::detail
