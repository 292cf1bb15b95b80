#include "metrics.hpp"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <sstream>

#include "gateway/outlook.hpp"
#include "gateway/tenant.hpp"

namespace app {

namespace gateways = stagger::gateway;

namespace {

// A series costs about a kilobyte here, and more where it is collected.
constexpr std::size_t most_models = 100;
constexpr std::size_t most_tenants = 1000;
constexpr std::size_t most_series = 10'000;
constexpr unsigned first_error_status = 400;

using bounds = prometheus::Histogram::BucketBoundaries;

// Doubling, as OpenTelemetry's conventions for durations of generative models advise; lines are longer.
const bounds& durations_s() {
    static const bounds made{.01, .02, .04, .08, .16, .32, .64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92};
    return made;
}
const bounds& waits_s() {
    static const bounds made{.01, .1, .5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 3600};
    return made;
}
// The same conventions': powers of four.
const bounds& token_counts() {
    static const bounds made{1,     4,     16,     64,      256,     1024,     4096,
                             16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864};
    return made;
}

std::string class_text(const std::optional<stagger::priority>& in) {
    return in ? std::string(stagger::to_string(*in)) : "none";
}

/// "2xx": whether calls fail is what most want to know, and seldom how exactly.
std::string status_text(unsigned status) {
    return status == 0 ? "none" : std::to_string(status / 100) + "xx";
}

double in_seconds(stagger::duration span) {
    return std::chrono::duration<double>(span).count();
}

/// A counter of something that is counted elsewhere.
void raise_to(prometheus::Counter& counter, std::uint64_t total) {
    counter.Increment(static_cast<double>(total) - counter.Value());
}

}  // namespace

void metrics::sometimes::set(std::optional<double> value) {
    if (value) {
        if (!shown_) shown_ = &family_.Add({});
        shown_->Set(*value);
    } else if (shown_) {
        family_.Remove(shown_);
        shown_ = nullptr;
    }
}

metrics::counters& metrics::add_counter(const std::string& name, const std::string& help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry_);
}

metrics::gauges& metrics::add_gauge(const std::string& name, const std::string& help) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry_);
}

metrics::histograms& metrics::add_histogram(const std::string& name, const std::string& help) {
    return prometheus::BuildHistogram().Name(name).Help(help).Register(registry_);
}

metrics::metrics()
    : models_(most_models),
      tenants_(most_tenants),
      requests_(add_counter("stagger_requests_total", "Calls that have ended.")),
      waits_(add_histogram("stagger_line_wait_seconds", "What calls have waited in line in all.")),
      durations_(add_histogram("gen_ai_server_request_duration_seconds",
                               "From sending a call upstream for the last time to the end of its answer.")),
      tokens_(add_histogram("gen_ai_client_token_usage", "Tokens of a call, as upstream counted them.")),
      line_length_(add_gauge("stagger_line_length", "Calls that wait.")),
      line_bytes_(add_gauge("stagger_line_bytes", "Of the bodies of calls that have not ended.").Add({})),
      line_oldest_(
          add_gauge("stagger_line_oldest_seconds", "Since the first of those that wait has come.").Add({})),
      limit_(add_gauge("stagger_limit_per_second", "The rate that upstream admits, once measured.")),
      pace_(add_gauge("stagger_pace_per_second", "The rate at which calls are sent upstream now.").Add({})),
      window_(add_gauge("stagger_window", "Calls that upstream admits at a time, once learned.")),
      in_flight_(add_gauge("stagger_in_flight", "Calls that are upstream.").Add({})),
      closed_(
          add_gauge("stagger_closed_seconds", "Until upstream admits anything, as far as is known.").Add({})),
      rejections_(
          add_counter("stagger_rejections_total", "Attempts that upstream refused for its limits.").Add({})),
      places_resumed_(
          add_counter("stagger_places_resumed_total", "Calls that came again for a kept place.").Add({})) {}

// A call is not worth less because counting it found no memory.
void metrics::ended(const gateways::call_record& one) noexcept {
    try {
        count(one);
    } catch (const std::bad_alloc&) {
    }
}

metrics::series& metrics::series_of(const gateways::call_record& one) {
    std::string model = one.in ? models_.of(one.model) : std::string();
    std::string tenant = tenants_.of(gateways::shown_tenant(one.tenant, one.tenant_name));
    const std::string in = class_text(one.in);
    const std::string outcome(gateways::to_string(one.outcome));
    const std::string status = status_text(one.status);
    const auto key = [&] { return in + '\n' + outcome + '\n' + status + '\n' + tenant + '\n' + model; };
    if (series_.size() >= most_series && !series_.contains(key())) model = tenant = "other";
    series& its = series_[key()];
    if (its.requests) return its;
    its.model = model;
    if (one.in) {
        its.waits = &waits_.Add({{"class", in}}, waits_s());
        its.durations = &durations_.Add({{"gen_ai_request_model", model}}, durations_s());
    }
    its.requests = &requests_.Add(
        {{"model", model}, {"tenant", tenant}, {"class", in}, {"outcome", outcome}, {"status", status}});
    return its;
}

void metrics::count(const gateways::call_record& one) {
    series& its = series_of(one);
    its.requests->Increment();
    if (!one.in) return;
    its.waits->Observe(in_seconds(one.waited));
    // How long errors take would only blur how long answers do.
    if (one.outcome != gateways::call_outcome::answered || one.status >= first_error_status) return;
    its.durations->Observe(in_seconds(one.served));
    count_tokens(its.input, its.model, "input", one.tokens.prompt_tokens);
    count_tokens(its.output, its.model, "output", one.tokens.completion_tokens);
}

void metrics::count_tokens(prometheus::Histogram*& in, const std::string& model, const char* type,
                           std::optional<std::uint64_t> tokens) {
    if (!tokens) return;
    if (!in)
        in = &tokens_.Add({{"gen_ai_request_model", model}, {"gen_ai_token_type", type}}, token_counts());
    in->Observe(static_cast<double>(*tokens));
}

void metrics::read_gate(const gateways::gateway& shown, stagger::time_point now) {
    const stagger::coordinator_status gate = shown.gate().status();
    limit_.set(gate.measured_per_s);
    pace_.Set(gate.pace_per_s);
    window_.set(gate.measured_window ? std::optional<double>(*gate.measured_window) : std::nullopt);
    in_flight_.Set(static_cast<double>(gate.in_flight));
    closed_.Set(in_seconds(gateways::look_ahead(0, gate, now).closed_for));
    raise_to(rejections_, gate.throttled);
    raise_to(places_resumed_, shown.counts().resumed);
}

void metrics::read_line(const gateways::gateway& shown, stagger::time_point now) {
    const auto crowd = shown.crowd(0, now);
    for (const auto in :
         {stagger::priority::interactive, stagger::priority::normal, stagger::priority::batch}) {
        line_length_.Add({{"class", std::string(stagger::to_string(in))}})
            .Set(static_cast<double>(crowd.waiting[static_cast<std::size_t>(in)]));
    }
    line_bytes_.Set(static_cast<double>(shown.waiting_bytes()));
    line_oldest_.Set(in_seconds(crowd.oldest));
}

std::string metrics::text(const gateways::gateway& shown, stagger::time_point now) {
    read_gate(shown, now);
    read_line(shown, now);
    std::ostringstream out;
    out.imbue(std::locale::classic());
    prometheus::TextSerializer().Serialize(out, registry_.Collect());
    return out.str();
}

}  // namespace app
