#include "attempt_log.hpp"

#include <fmt/format.h>

#include <string>

namespace app {

namespace {

namespace events = stagger::attempt_events;

std::string name_of(const stagger::attempt_id& id) {
    return fmt::format("request {} attempt {}", id.request, id.attempt);
}

/// "1.250 s (pace 1.000 s, in_flight 0.250 s)".
std::string describe(const stagger::waiting_times& waited) {
    std::string text = fmt::format("{:.3f} s", stagger::to_seconds(waited.total()));
    std::string reasons;
    for (const stagger::wait_reason why : stagger::wait_reasons) {
        if (waited[why] < std::chrono::microseconds(500)) continue;
        if (!reasons.empty()) reasons.append(", ");
        reasons.append(fmt::format("{} {:.3f} s", to_string(why), stagger::to_seconds(waited[why])));
    }
    if (!reasons.empty()) text.append(" (").append(reasons).append(")");
    return text;
}

std::string describe_end(const events::done& event) {
    const stagger::diagnostic& info = event.info;
    std::string text = event.error ? event.error.message() : "succeeded";
    if (event.was_admitted && info.http_status != 0)
        text.append(fmt::format(", status {}", info.http_status));
    if (event.error) text.append(fmt::format(", {}", to_string(info.phase)));
    if (!event.was_admitted) {
        text.append(", waited ").append(describe(event.waited));
        return text;
    }
    text.append(fmt::format(", {} bytes out, {} in, served {:.3f} s", event.bytes_sent, event.bytes_received,
                            stagger::to_seconds(info.served)));
    if (event.again_in) text.append(fmt::format(", again in {:.3f} s", stagger::to_seconds(*event.again_in)));
    if (event.hint_cut_to && event.said.retry_after) {
        text.append(fmt::format(", Retry-After of {:.3f} s cut to {:.3f} s",
                                stagger::to_seconds(*event.said.retry_after),
                                stagger::to_seconds(*event.hint_cut_to)));
    }
    if (event.error && !info.message.empty()) text.append(": ").append(info.message);
    return text;
}

}  // namespace

void attempt_log::queued(const events::queued& event) noexcept {
    if (!log_->should_log(spdlog::level::trace)) return;
    log_->trace("{}: in line, own delay {:.3f} s", name_of(event.id), stagger::to_seconds(event.own_delay));
}

void attempt_log::admitted(const events::admitted& event) noexcept {
    if (!log_->should_log(spdlog::level::trace)) return;
    log_->trace("{}: admitted after {}", name_of(event.id), describe(event.waited));
}

void attempt_log::sent(const events::sent& event) noexcept {
    if (!log_->should_log(spdlog::level::trace)) return;
    log_->trace("{}: sent {} bytes on a {} connection", name_of(event.id), event.bytes,
                event.new_connection ? "new" : "kept");
}

void attempt_log::head(const events::head& event) noexcept {
    if (!log_->should_log(spdlog::level::trace)) return;
    log_->trace("{}: status {} after {:.3f} s", name_of(event.id), event.status,
                stagger::to_seconds(event.since_admitted));
}

void attempt_log::done(const events::done& event) noexcept {
    if (log_->should_log(spdlog::level::debug)) log_->debug("{}: {}", name_of(event.id), describe_end(event));
    if (event.was_admitted) told_(event);
}

}  // namespace app
