#include "scenario/format_scenario.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <string_view>
#include <variant>
#include <vector>

#include "json/json_writer.hpp"

namespace stagger::wire {

namespace {

namespace json = boost::json;

/// An object whose members are left out where they equal their default.
class described_object {
 public:
    template <class Value>
    void always(std::string_view name, const Value& value) {
        members_[name] = as_json(value);
    }
    template <class Value>
    void member(std::string_view name, const Value& value, const Value& fallback) {
        if (value != fallback) always(name, value);
    }
    void status(std::string_view name, unsigned value, unsigned fallback) {
        if (value == provider::connection_closed) return always(name, std::string("close"));
        member(name, value, fallback);
    }
    template <class Element, class Describe>
    void each(std::string_view name, const std::vector<Element>& elements, Describe describe) {
        json::array array;
        for (const Element& element : elements) array.push_back(describe(element));
        members_[name] = std::move(array);
    }
    /// A member that is an object itself, unless there is nothing to say.
    void part(std::string_view name, described_object object) {
        if (!object.members_.empty()) members_[name] = std::move(object.members_);
    }

    json::value take() { return std::move(members_); }

 private:
    template <class Number>
    static json::value as_json(const Number& number) {
        return number;
    }
    static json::value as_json(duration span) { return to_seconds(span); }
    static json::value as_json(const std::string& text) { return json::string(text); }
    template <class Element>
    static json::value as_json(const std::vector<Element>& elements) {
        return json::array(elements.begin(), elements.end());
    }
    static json::value as_json(provider::unit counts) {
        return counts == provider::unit::tokens ? "tokens" : "requests";
    }
    static json::value as_json(provider::counted_tokens counted) {
        switch (counted) {
            case provider::counted_tokens::reserved:
                return "reserved";
            case provider::counted_tokens::settled:
                return "settled";
            case provider::counted_tokens::made:
                return "made";
            case provider::counted_tokens::input:
                return "input";
            case provider::counted_tokens::output:
                return "output";
        }
        return nullptr;
    }
    static json::value as_json(provider::distribution kind) {
        return kind == provider::distribution::lognormal ? "lognormal" : "constant";
    }
    static json::value as_json(provider::retry_after_hint hint) {
        switch (hint) {
            case provider::retry_after_hint::none:
                return "none";
            case provider::retry_after_hint::exact:
                return "exact";
            case provider::retry_after_hint::integer:
                return "integer";
            case provider::retry_after_hint::milliseconds:
                return "ms";
            case provider::retry_after_hint::wrong:
                return "wrong";
        }
        return nullptr;
    }
    static json::value as_json(provider::error_form form) {
        switch (form) {
            case provider::error_form::status:
                return "status";
            case provider::error_form::inside_answer:
                return "inside_answer";
            case provider::error_form::quota:
                return "quota";
            case provider::error_form::malformed:
                return "malformed";
            case provider::error_form::cut:
                return "cut";
        }
        return nullptr;
    }
    static json::value as_json(provider::header_hint hint) {
        switch (hint) {
            case provider::header_hint::none:
                return "none";
            case provider::header_hint::openai:
                return "openai";
            case provider::header_hint::ietf:
                return "ietf";
            case provider::header_hint::anthropic:
                return "anthropic";
        }
        return nullptr;
    }

    json::object members_;
};

/// Writes the members of each kind of limit.
struct limit_members {
    described_object& object;

    void operator()(const provider::token_bucket& limit) const {
        begin("token_bucket", limit.counts);
        object.always("rate_per_s", limit.rate_per_s);
        object.always("burst", limit.burst);
        end(limit.counted);
    }
    void operator()(const provider::fixed_window& limit) const {
        begin("fixed_window", limit.counts);
        object.always("quota", limit.quota);
        object.always("window_s", limit.window);
        object.member("phase_s", limit.phase, provider::fixed_window().phase);
        end(limit.counted);
    }
    void operator()(const provider::sliding_window& limit) const {
        begin("sliding_window", limit.counts);
        object.always("quota", limit.quota);
        object.always("window_s", limit.window);
        end(limit.counted);
    }
    void operator()(const provider::concurrency_limit& limit) const {
        const provider::concurrency_limit usual;
        object.always("kind", std::string("concurrency"));
        object.always("max", limit.max);
        object.member("queue", limit.queue, usual.queue);
        object.member("queue_timeout_s", limit.queue_timeout, usual.queue_timeout);
    }

    void begin(const char* kind, provider::unit counts) const {
        object.always("kind", std::string(kind));
        object.member("unit", counts, provider::unit::requests);
    }
    void end(provider::counted_tokens counted) const {
        object.member("counted", counted, provider::counted_tokens::reserved);
    }
};

json::value describe_limit(const provider::limit& limit) {
    described_object object;
    std::visit(limit_members{object}, limit);
    return object.take();
}

json::value describe_change(const provider::limits_change& change) {
    described_object object;
    object.always("at_s", change.at);
    object.each("limits", change.limits, describe_limit);
    return object.take();
}

json::value describe_outage(const provider::outage& outage) {
    described_object object;
    object.always("from_s", outage.from);
    object.always("to_s", outage.to);
    object.member("status", outage.status, provider::outage().status);
    return object.take();
}

json::value describe_chance(const provider::chance_refusals& drawn) {
    const provider::chance_refusals usual;
    described_object object;
    object.always("share", drawn.share);
    object.status("status", drawn.status, usual.status);
    object.member("charged", drawn.charged, usual.charged);
    object.member("from_in_flight", drawn.from_in_flight, usual.from_in_flight);
    object.member("to_in_flight", drawn.to_in_flight, usual.to_in_flight);
    return object.take();
}

json::value describe_closure(const provider::closure& closed) {
    const provider::closure usual;
    described_object object;
    object.always("from_s", closed.from);
    object.always("to_s", closed.to);
    object.status("status", closed.status, usual.status);
    object.member("retry_after", closed.retry_after, usual.retry_after);
    return object.take();
}

described_object describe_token_costs(const provider::token_costs& costs) {
    const provider::token_costs usual;
    described_object object;
    object.member("kind", costs.kind, usual.kind);
    object.member("mean", costs.mean, usual.mean);
    object.member("sigma", costs.sigma, usual.sigma);
    return object;
}

json::value describe_client(const provider::client_description& client) {
    const provider::client_description usual;
    described_object object;
    object.always("requests", client.requests);
    object.always("concurrency", client.concurrency);
    object.member("start_s", client.start, usual.start);
    object.member("warm", client.warm, usual.warm);
    object.member("rpm", client.rpm, usual.rpm);
    object.member("tpm", client.tpm, usual.tpm);
    object.part("tokens", describe_token_costs(client.tokens));
    if (client.output) object.always("output_tokens", describe_token_costs(*client.output).take());
    object.member("max_tokens", client.max_tokens, usual.max_tokens);
    if (!client.always_refused.empty()) object.always("always_refused", client.always_refused);
    if (!client.models.empty()) object.always("models", client.models);
    return object.take();
}

described_object describe_hints(const provider::hints_description& hints) {
    const provider::hints_description usual;
    described_object object;
    object.member("retry_after", hints.retry_after, usual.retry_after);
    object.member("wrong_s", hints.wrong, usual.wrong);
    object.member("headers", hints.headers, usual.headers);
    return object;
}

described_object describe_faults(const provider::faults_description& faults) {
    const provider::faults_description usual;
    described_object object;
    object.member("error_rate", faults.error_rate, usual.error_rate);
    object.member("error_status", faults.error_status, usual.error_status);
    if (!faults.outages.empty()) object.each("outages", faults.outages, describe_outage);
    return object;
}

described_object describe_refusals(const provider::refusals_description& refusals) {
    described_object object;
    if (!refusals.by_chance.empty()) object.each("by_chance", refusals.by_chance, describe_chance);
    if (!refusals.closures.empty()) object.each("closures", refusals.closures, describe_closure);
    if (!refusals.prompts.empty()) object.always("prompts", refusals.prompts);
    object.member("delay_s", refusals.delay, provider::refusals_description().delay);
    return object;
}

json::value describe_model(const provider::model_description& model) {
    described_object object;
    if (!model.limits.empty()) object.each("limits", model.limits, describe_limit);
    object.member("refused", model.refused, false);
    return object.take();
}

described_object describe_provider(const provider::provider_description& described) {
    const provider::provider_description usual;
    described_object object;
    object.each("limits", described.limits, describe_limit);
    object.member("charge_rejections", described.charge_rejections, usual.charge_rejections);
    object.status("rejection_status", described.rejection_status, usual.rejection_status);
    described_object lockout;
    lockout.member("silence_s", described.lockout_silence, usual.lockout_silence);
    object.part("lockout", std::move(lockout));
    object.part("hints", describe_hints(described.hints));
    described_object latency;
    latency.always("kind", described.latency.kind);
    latency.always("mean_s", described.latency.mean);
    latency.member("sigma", described.latency.sigma, usual.latency.sigma);
    object.part("latency", std::move(latency));
    object.always("rtt_s", described.rtt);
    object.member("rtt_sigma", described.rtt_sigma, usual.rtt_sigma);
    if (!described.changes.empty()) object.each("changes", described.changes, describe_change);
    object.part("faults", describe_faults(described.faults));
    object.part("refusals", describe_refusals(described.refusals));
    described_object models;
    for (const auto& [name, model] : described.models) models.always(name, describe_model(model));
    object.part("models", std::move(models));
    const provider::answers_description answers;
    described_object making;
    making.member("default_max_tokens", described.answers.default_max_tokens, answers.default_max_tokens);
    making.member("tokens", described.answers.tokens, answers.tokens);
    making.member("cached_tokens", described.answers.cached_tokens, answers.cached_tokens);
    making.member("refusals", described.answers.refusals, answers.refusals);
    making.member("faults", described.answers.faults, answers.faults);
    object.part("answers", std::move(making));
    return object;
}

/// JSON as a person lays it out: what fits into a line stands in one.
class layout {
 public:
    void write(const json::value& value, std::size_t indent) {
        const std::string flat = in_one_line(value);
        const std::size_t before = text_.size() - (text_.rfind('\n') + 1);  // npos + 1 is 0
        if (before + flat.size() < widest_line || !value.is_structured()) {
            text_ += flat;
        } else if (const json::object* object = value.if_object()) {
            broken('{', '}', indent, *object, [&](const auto& member) {
                append_json_string(text_, member.key());
                text_ += ": ";
                write(member.value(), indent + step);
            });
        } else {
            broken('[', ']', indent, value.get_array(),
                   [&](const json::value& element) { write(element, indent + step); });
        }
    }

    std::string take() { return std::move(text_); }

 private:
    static constexpr std::size_t widest_line = 100;
    static constexpr std::size_t step = 2;

    template <class Elements, class Write>
    void broken(char open, char close, std::size_t indent, const Elements& elements, Write write_one) {
        text_ += open;
        const char* separator = "";
        for (const auto& each : elements) {
            text_ += separator;
            text_.append("\n").append(indent + step, ' ');
            write_one(each);
            separator = ",";
        }
        text_.append("\n").append(indent, ' ');
        text_ += close;
    }

    static std::string in_one_line(const json::value& value) {
        std::string flat;
        if (const json::object* object = value.if_object()) {
            for (const auto& member : *object) {
                flat += flat.empty() ? "" : ", ";
                append_json_string(flat, member.key());
                flat += ": " + in_one_line(member.value());
            }
            return "{" + flat + "}";
        }
        if (const json::array* array = value.if_array()) {
            for (const json::value& element : *array)
                flat += (flat.empty() ? "" : ", ") + in_one_line(element);
            return "[" + flat + "]";
        }
        if (value.is_double()) {
            append_json_number(flat, value.get_double());
            return flat;
        }
        return json::serialize(value);
    }

    std::string text_;
};

}  // namespace

std::string format_scenario(const provider::scenario& scenario) {
    described_object object;
    object.always("name", scenario.name);
    object.always("seed", scenario.seed);
    object.part("provider", describe_provider(scenario.provider));
    if (!scenario.clients.empty()) object.each("clients", scenario.clients, describe_client);
    layout text;
    text.write(object.take(), 0);
    return text.take() + "\n";
}

}  // namespace stagger::wire
