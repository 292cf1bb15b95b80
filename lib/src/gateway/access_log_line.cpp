#include "gateway/access_log_line.hpp"

#include <optional>

#include "base/date.hpp"
#include "gateway/tenant.hpp"
#include "json/json_writer.hpp"

namespace stagger::gateway {

namespace {

// Whole milliseconds: what is finer is the machine's business.
double in_seconds(duration span) {
    return static_cast<double>(std::chrono::round<std::chrono::milliseconds>(span).count()) / 1000;
}

/// "2024-01-27T16:05:00.042Z"
std::string time_text(std::chrono::sys_time<std::chrono::milliseconds> when) {
    const auto whole = std::chrono::floor<std::chrono::seconds>(when);
    const std::string fraction = std::to_string((when - whole).count());
    std::string text = wire::format_rfc3339(whole);
    text.insert(text.size() - 1, "." + std::string(3 - fraction.size(), '0') + fraction);
    return text;
}

void add_text(wire::object_writer& object, std::string_view name, std::string_view text) {
    text.empty() ? object.raw(name, "null") : object.string(name, text);
}

void add_count(wire::object_writer& object, std::string_view name,
               const std::optional<std::uint64_t>& value) {
    value ? object.count(name, *value) : object.raw(name, "null");
}

}  // namespace

std::string access_log_line(const call_record& of, std::chrono::sys_time<std::chrono::milliseconds> when) {
    std::string line;
    wire::object_writer object(line);
    object.string("time", time_text(when));
    object.count("id", of.id);
    add_text(object, "class", of.in ? to_string(*of.in) : std::string_view());
    add_text(object, "tenant", of.tenant == 0 ? std::string() : shown_tenant(of.tenant, of.tenant_name));
    add_text(object, "model", of.model);
    add_count(object, "status", of.status == 0 ? std::nullopt : std::optional<std::uint64_t>(of.status));
    object.number("waited_s", in_seconds(of.waited));
    object.number("served_s", in_seconds(of.served));
    object.count("attempts", of.attempts);
    add_count(object, "prompt_tokens", of.tokens.prompt_tokens);
    add_count(object, "completion_tokens", of.tokens.completion_tokens);
    add_count(object, "cached_tokens", of.tokens.cached_tokens);
    object.string("outcome", to_string(of.outcome));
    object.close();
    return line += '\n';
}

}  // namespace stagger::gateway
