#include "costs.hpp"
#include "stagger/retry_session.hpp"
#include "stopwatch.hpp"

namespace costs {

double retry_ns(std::size_t attempts) {
    using namespace stagger;
    using namespace std::chrono_literals;
    const retry_policy policy;
    const backoff_policy backoff = backoff_policy::full_jitter(1s, 60s);
    random_source random(1);
    time_point now{};
    const attempt_result broken{error_code(errc::connection_lost)};
    retry_session session(policy, backoff, now);
    const stopwatch watch;
    for (std::size_t each = 0; each < attempts; ++each) {
        session.attempt_begins(now);
        const auto step = session.attempt_ended(broken, policy.classify(broken), now, {}, random);
        if (step.what != retry_session::next::attempt) return 0;
        now = step.not_before;
    }
    return watch.seconds() / static_cast<double>(attempts) * 1e9;
}

}  // namespace costs
