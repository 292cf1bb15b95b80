#include "load/run_recorder.hpp"

#include <algorithm>

#include "base/error_name.hpp"

namespace stagger::load {

namespace {

// A sender that is this far from its schedule does not send the load that was asked for: its rate is short
// by this share, or one send in a hundred is this late.
constexpr double behind_share = 0.01;
constexpr duration behind_lag = std::chrono::milliseconds(50);

std::optional<double> ratio(double amount, std::uint64_t of) {
    return of > 0 ? std::optional(amount / static_cast<double>(of)) : std::nullopt;
}

}  // namespace

run_recorder::run_recorder(time_point start, const measuring& how)
    : start_(start), how_(how), timeline_(start) {}

void run_recorder::sent(const send_record& record) {
    take(record.sent, record);
}

void run_recorder::attempt_sent(time_point now) {
    timeline_.sent(now);
    take(now, arrival{now});
}

void run_recorder::attempt_ended(const attempt_record& record) {
    if (record.was_refused) timeline_.rejection(record.sent.value_or(record.ended));
    take(record.ended, record);
}

void run_recorder::request_ended(request_record record) {
    if (!record.error) timeline_.success(record.ended);
    const time_point ended = record.ended;
    take(ended, std::move(record));
}

void run_recorder::observe(time_point now, const coordinator_status& status) {
    const bool closed = status.mode == coordinator_mode::closed;
    if (closed == closed_since_.has_value()) return;
    if (closed) {
        closed_since_ = now;
    } else {
        take(now, closed_span{*closed_since_, now});
        closed_since_.reset();
    }
}

void run_recorder::take(time_point at, event what) {
    if (at < start_ + how_.warm_up) return;
    if (how_.cool_down == duration::zero()) return count(what);
    held_.push_back({at, std::move(what)});
    count_until(at - how_.cool_down);
}

void run_recorder::count_until(time_point limit) {
    while (!held_.empty() && held_.front().at <= limit) {
        count(held_.front().what);
        held_.pop_front();
    }
}

void run_recorder::count(const event& what) {
    std::visit([this](const auto& one) { count(one); }, what);
}

void run_recorder::count(const send_record& record) {
    if (sends_.count == 0) sends_.first = record;
    sends_.last = record;
    ++sends_.count;
    sends_.lag.add(record.sent - record.scheduled);
}

void run_recorder::count(const arrival& record) {
    peak_10ms_.add(record.at);
    peak_1s_.add(record.at);
}

void run_recorder::count(const attempt_record& record) {
    for (const wait_reason why : wait_reasons) results_.waiting_s[why] += record.waited[why];
    if (!record.was_admitted) return;
    ++results_.attempts;
    if (record.was_refused) ++results_.rejections;
    if (record.connecting) latencies_.connecting.add(*record.connecting);
    if (record.service) latencies_.service.add(*record.service);
}

void run_recorder::count(const request_record& record) {
    ++results_.requests;
    // Every attempt carries the prompt; one at most is answered.
    const unsigned answered = record.error ? 0 : 1;
    results_.wasted_tokens += record.prompt_tokens * (record.attempts - std::min(record.attempts, answered));
    if (record.error) {
        ++results_.failed;
        ++results_.failures[wire::error_name(record.error)];
    } else {
        ++results_.succeeded;
        if (record.empty) results_.empty_answers = results_.empty_answers.value_or(0) + 1;
        results_.prompt_tokens += record.prompt_tokens;
        results_.completion_tokens += record.completion_tokens;
        if (keeps_service_level(record)) ++within_service_level_;
    }
    // A failure took its time, too: leaving it out would make a server that refuses look fast.
    latencies_.total.add(record.total());
    latencies_.from_actual_send.add(record.from_actual_send());
    latencies_.waiting_in_line.add(record.effort.waiting_in_line);
    latencies_.backing_off.add(record.effort.backing_off);
    if (record.first_token) latencies_.first_token.add(*record.first_token - record.scheduled);
    for (const duration gap : record.between_tokens) latencies_.between_tokens.add(gap);
}

void run_recorder::count(const closed_span& record) {
    const time_point from = std::max(record.from, start_ + how_.warm_up);
    closed_ += std::max(std::min(record.to, measured_until_) - from, duration::zero());
}

bool run_recorder::keeps_service_level(const request_record& record) const {
    if (!how_.slo) return false;
    if (how_.slo->total_ms && milliseconds(record.total()) > *how_.slo->total_ms) return false;
    if (!how_.slo->first_token_ms) return true;
    return record.first_token &&
           milliseconds(*record.first_token - record.scheduled) <= *how_.slo->first_token_ms;
}

std::optional<schedule_results> run_recorder::schedule() const {
    if (sends_.count == 0) return std::nullopt;
    schedule_results found;
    const auto intervals = static_cast<double>(sends_.count - 1);
    const duration asked = sends_.last.scheduled - sends_.first.scheduled;
    const duration took = sends_.last.sent - sends_.first.sent;
    if (asked > duration::zero()) found.asked_per_s = intervals / to_seconds(asked);
    if (took > duration::zero()) found.achieved_per_s = intervals / to_seconds(took);
    found.lag_p50_ms = milliseconds(sends_.lag.percentile(0.5));
    found.lag_p99_ms = milliseconds(sends_.lag.percentile(0.99));
    found.lag_max_ms = milliseconds(sends_.lag.percentile(1));
    const bool slow = found.asked_per_s && found.achieved_per_s < *found.asked_per_s * (1 - behind_share);
    found.fell_behind = slow || found.lag_p99_ms > milliseconds(behind_lag);
    return found;
}

void run_recorder::put_rates(duration measured) {
    const double measured_s = to_seconds(measured);
    results_.measured_s = measured_s;
    const auto succeeded = static_cast<double>(results_.succeeded);
    if (measured_s > 0) {
        results_.goodput_per_s = succeeded / measured_s;
        results_.tokens_per_s = static_cast<double>(results_.completion_tokens) / measured_s;
        if (how_.slo) results_.slo_goodput_per_s = static_cast<double>(within_service_level_) / measured_s;
    }
    results_.attempts_per_success = ratio(static_cast<double>(results_.attempts), results_.succeeded);
    results_.rejections_per_100_successes =
        ratio(100 * static_cast<double>(results_.rejections), results_.succeeded);
}

void run_recorder::put_latencies() {
    const auto put = [this](std::string_view kind, const latency_histogram& spans) {
        if (spans.count() > 0) results_.latency_ms[std::string(kind)] = spans.summary();
    };
    put(latency_kinds::total, latencies_.total);
    put(latency_kinds::from_actual_send, latencies_.from_actual_send);
    put(latency_kinds::waiting_in_line, latencies_.waiting_in_line);
    put(latency_kinds::backing_off, latencies_.backing_off);
    put(latency_kinds::connecting, latencies_.connecting);
    put(latency_kinds::first_token, latencies_.first_token);
    put(latency_kinds::between_tokens, latencies_.between_tokens);
    put(latency_kinds::service, latencies_.service);
}

run_results run_recorder::finish(time_point end) {
    if (closed_since_) take(end, closed_span{*closed_since_, end});
    measured_until_ = end - how_.cool_down;
    count_until(measured_until_);
    for (const held_event& each : held_) {
        if (const auto* closed = std::get_if<closed_span>(&each.what)) count(*closed);
    }
    held_.clear();
    results_.elapsed_s = to_seconds(end - start_);
    put_rates(std::max(measured_until_ - (start_ + how_.warm_up), duration::zero()));
    results_.peak_10ms = peak_10ms_.most();
    results_.peak_1s = peak_1s_.most();
    results_.closed_s = to_seconds(closed_);
    results_.schedule = schedule();
    put_latencies();
    results_.timeline = timeline_.results();
    return std::move(results_);
}

}  // namespace stagger::load
