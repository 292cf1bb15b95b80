#pragma once

#include <functional>
#include <memory>

#include "stagger/client.hpp"

namespace app {

/** Learns how every single attempt of a client ends, also of those that are tried again.
 *
 * A request that is retried shows nothing to its caller until its end, but whether an endpoint can be used
 * must be noticed before.
 */
class attempt_observer {
 public:
    using function = std::function<void(stagger::error_code)>;

    /// Puts itself between the client and its retry policy. Before the client is made.
    void attach(stagger::client_options& options) {
        auto policy = options.retry();
        auto original = policy;
        policy.classify([told = told_, original](const stagger::attempt_result& result) {
            if (*told) (*told)(result.error());
            return original.classify(result);
        });
        options.retry(std::move(policy));
    }
    void tell(function told) { *told_ = std::move(told); }

 private:
    std::shared_ptr<function> told_ = std::make_shared<function>();
};

}  // namespace app
