#include "request/judgement.hpp"

#include "base/endpoint_error.hpp"

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

/// Of what would be as wrong with any other request there.
bool is_of_route(errc error) {
    switch (error) {
        case errc::unauthorized:
        case errc::forbidden:
        case errc::not_found:
        case errc::quota_exhausted:
        case errc::redirected:
        case errc::malformed_answer:
            return true;
        default:
            return is_endpoint_error(error);
    }
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

routing::route_outcome outcome_for_route(const wire::decoded_answer& ended) {
    using routing::route_outcome;
    if (!ended.error) return route_outcome::answered;
    if (ended.error == errc::cancelled || ended.error == errc::shut_down) return route_outcome::untold;
    if (ended.what.verdict == verdict::throttled) {
        // Whatever says when it admits again is there, and its gate keeps to that.
        const bool may_be_down = ended.error == errc::overloaded && !ended.what.retry_after;
        return may_be_down ? route_outcome::overloaded : route_outcome::refused;
    }
    if (ended.error.category() == stagger_category() && is_of_route(static_cast<errc>(ended.error.value())))
        return route_outcome::unusable;
    if (ended.what.verdict == verdict::transient) return route_outcome::accident;
    return route_outcome::answered;  // it is the request that it did not like
}

}  // namespace stagger::detail
