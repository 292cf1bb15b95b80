#include "net/client_counts.hpp"

namespace stagger::detail {

client_counters client_counts::snapshot() const {
    client_counters seen;
    // Those that ended before those that started: a request that ends meanwhile must not count as ended only.
    seen.succeeded = succeeded.value();
    seen.failed = failed.value();
    const std::uint64_t begun = started.value();
    const std::uint64_t ended = seen.succeeded + seen.failed;
    seen.running = begun > ended ? begun - ended : 0;
    seen.attempts = attempts.value();
    seen.rejections = rejections.value();
    seen.unreadable_answers = unreadable_answers.value();
    for (unsigned status = 0; status < statuses; ++status) {
        const std::uint64_t count = attempts_by_status[status].value();
        if (count > 0) seen.attempts_by_status.emplace(status, count);
    }
    seen.bytes_sent = bytes_sent.value();
    seen.bytes_received = bytes_received.value();
    seen.connections_opened = connections_opened.value();
    seen.connections_reused = connections_reused.value();
    seen.connections_failed = connections_failed.value();
    return seen;
}

}  // namespace stagger::detail
