#pragma once

#include <algorithm>

#include "stagger/attempt_result.hpp"

namespace stagger {

/** @brief What the further attempts of an AWS SDK's client draw on: where it is used up, there are none.
 *
 * 500 at first and at most. A further attempt takes 5 after a refusal and 14 after anything else; where it
 * succeeds, that is given back, and a request that succeeds at once gives 1. Such a client fails its requests
 * fast where many of them fail, in place of waiting.
 *
 * Formula: boto/botocore, botocore/retries/standard.py (RetryQuotaChecker) and quota.py, as by default since
 * 10 November 2026.
 */
class aws_retry_quota {
 public:
    static constexpr int capacity = 500;
    static constexpr int after_refusal = 5;
    static constexpr int after_accident = 14;
    static constexpr int plain_success = 1;

    /// Takes what a further attempt costs; false where less is left.
    /// @param ended what the attempt before it ended with
    bool take(verdict ended) {
        if (cost(ended) > left_) return false;
        left_ -= cost(ended);
        return true;
    }
    /// @param before what the attempt before the successful one ended with; `ok` if there was none
    void succeeded(verdict before) {
        left_ = std::min(capacity, left_ + (before == verdict::ok ? plain_success : cost(before)));
    }

    int left() const { return left_; }

 private:
    static int cost(verdict ended) { return ended == verdict::throttled ? after_refusal : after_accident; }

    int left_ = capacity;
};

}  // namespace stagger
