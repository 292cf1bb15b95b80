#include <algorithm>

#include "server/request_bounds.hpp"

namespace stagger::http_server {

namespace {

time_point limit_of_phase(const bounds& allowed, const request_progress& so_far) {
    if (so_far.begun == never) return saturating_add(so_far.awaited, allowed.idle_time);
    if (so_far.head_ended == never) return saturating_add(so_far.begun, allowed.head_time);
    if (!(allowed.body_bytes_per_s > 0)) return never;
    const std::chrono::duration<double> earned(static_cast<double>(so_far.body_bytes) /
                                               allowed.body_bytes_per_s);
    return saturating_add(saturating_add(so_far.head_ended, allowed.head_time),
                          std::chrono::duration_cast<duration>(earned));
}

}  // namespace

time_point request_limit(const bounds& allowed, const request_progress& so_far) {
    return std::min(limit_of_phase(allowed, so_far), saturating_add(so_far.awaited, allowed.whole_time));
}

}  // namespace stagger::http_server
