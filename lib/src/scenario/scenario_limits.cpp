#include "scenario/scenario_limits.hpp"

#include "scenario/scenario_file_object.hpp"

namespace stagger::wire {

namespace json = boost::json;

namespace {

using provider::unit;

unit read_unit(const scenario_object& object) {
    return object.word("unit", unit::requests, {{"requests", unit::requests}, {"tokens", unit::tokens}});
}

// A bucket or window below one request would admit none.
number_rule capacity_rule(unit counts) {
    return counts == unit::requests ? at_least_one : positive;
}

/// Which tokens a limit on tokens counts.
provider::counted_tokens read_counted(const scenario_object& object, unit counts) {
    using provider::counted_tokens;
    const json::value* found = object.find("counted");
    if (found != nullptr && counts != unit::tokens) {
        object.reject("counted", "must only be given where unit is tokens", *found);
    }
    return object.word("counted", counted_tokens::reserved,
                       {{"reserved", counted_tokens::reserved},
                        {"settled", counted_tokens::settled},
                        {"made", counted_tokens::made},
                        {"input", counted_tokens::input},
                        {"output", counted_tokens::output}});
}

provider::limit read_token_bucket(const scenario_object& object) {
    object.expect_only({"kind", "unit", "rate_per_s", "burst", "counted"});
    provider::token_bucket bucket;
    bucket.counts = read_unit(object);
    bucket.rate_per_s = object.required_number("rate_per_s", positive);
    bucket.burst = object.number("burst", bucket.burst, capacity_rule(bucket.counts));
    bucket.counted = read_counted(object, bucket.counts);
    return bucket;
}

provider::limit read_fixed_window(const scenario_object& object) {
    object.expect_only({"kind", "unit", "quota", "window_s", "phase_s", "counted"});
    provider::fixed_window window;
    window.counts = read_unit(object);
    window.quota = object.required_number("quota", capacity_rule(window.counts));
    window.window = object.required_seconds("window_s", positive);
    window.counted = read_counted(object, window.counts);
    window.phase = object.seconds("phase_s", window.phase, not_negative);
    return window;
}

provider::limit read_sliding_window(const scenario_object& object) {
    object.expect_only({"kind", "unit", "quota", "window_s", "counted"});
    provider::sliding_window window;
    window.counts = read_unit(object);
    window.quota = object.required_number("quota", capacity_rule(window.counts));
    window.window = object.required_seconds("window_s", positive);
    window.counted = read_counted(object, window.counts);
    return window;
}

provider::limit read_concurrency(const scenario_object& object) {
    object.expect_only({"kind", "max", "queue", "queue_timeout_s"});
    object.require("max");
    provider::concurrency_limit limit;
    limit.max = static_cast<unsigned>(object.whole("max", limit.max, 1, most_in_flight));
    limit.queue = static_cast<unsigned>(object.whole("queue", limit.queue, 0, most_in_flight));
    limit.queue_timeout = object.seconds("queue_timeout_s", limit.queue_timeout, positive);
    return limit;
}

using read_kind = provider::limit (*)(const scenario_object&);

}  // namespace

provider::limit read_limit(const json::value& value, const std::string& path) {
    const scenario_object object(value, path);
    object.require("kind");
    const read_kind read = object.word<read_kind>("kind", nullptr,
                                                  {{"token_bucket", read_token_bucket},
                                                   {"fixed_window", read_fixed_window},
                                                   {"sliding_window", read_sliding_window},
                                                   {"concurrency", read_concurrency}});
    return read(object);
}

provider::limit read_rate_limit(const json::value& value, const std::string& path) {
    const scenario_object object(value, path);
    object.require("kind");
    const read_kind read = object.word<read_kind>("kind", nullptr,
                                                  {{"token_bucket", read_token_bucket},
                                                   {"fixed_window", read_fixed_window},
                                                   {"sliding_window", read_sliding_window}});
    return read(object);
}

}  // namespace stagger::wire
