#pragma once

#include <memory>
#include <optional>

#include "coordinator/send_policy.hpp"
#include "retry/aws_retry_quota.hpp"
#include "stagger/retry_policy.hpp"

namespace stagger {

/** @brief Whether the tasks of one client may be sent again, beside how often each of them was.
 *
 * A Retry-After can be too long for a policy, and its retry quota used up. Shared by all tasks of a client.
 */
class retry_allowance {
 public:
    explicit retry_allowance(const send_policy& policy)
        : longest_retry_after_(policy.longest_retry_after), has_quota_(policy.has_retry_quota) {}

    /// Called once for each further attempt that is wanted; where it is allowed, it is taken to be made.
    bool allows(const classification& ended) {
        if (longest_retry_after_ && ended.retry_after && *ended.retry_after > *longest_retry_after_)
            return false;
        return !has_quota_ || quota_.take(ended.verdict);
    }
    /// @param before what the attempt before the successful one ended with; `ok` if there was none
    void succeeded(verdict before) {
        if (has_quota_) quota_.succeeded(before);
    }

 private:
    std::optional<duration> longest_retry_after_;
    bool has_quota_;
    aws_retry_quota quota_;
};

/** @brief Makes `policy` keep to what a client's tasks are allowed by the policy of that name.
 *
 * For one client: its copies share the allowance. Not for several threads at a time.
 */
void keep_to_allowance(retry_policy& policy, const send_policy& of);

}  // namespace stagger
