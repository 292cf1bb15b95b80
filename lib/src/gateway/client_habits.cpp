#include "gateway/client_habits.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>

namespace stagger::gateway {

namespace {

using http_server::same_name;
using http_server::value_of;
using namespace std::chrono_literals;

// What the SDKs wait by default (openai, anthropic: both languages).
constexpr duration sdk_patience = 600s;
// Node's own HTTP client gives up on a head or on a silent body then, whatever the SDK was told.
constexpr duration node_patience = 300s;
// Before the client's timer rings: what was said must have arrived.
constexpr duration margin = 2s;
// First attempt and two more.
constexpr unsigned sdk_attempts = 3;

std::optional<duration> seconds_in(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = error == std::errc() && end == text.data() + text.size();
    if (!whole || !(value > 0) || value > 1e7) return std::nullopt;
    return from_seconds(value);
}

duration less_margin(duration limit) {
    return limit == duration::max() ? limit : std::max<duration>(limit - margin, limit / 2);
}

bool mentions(std::string_view text, std::string_view word) {
    const auto found = std::search(
        text.begin(), text.end(), word.begin(), word.end(),
        [](unsigned char a, unsigned char b) { return (a >= 'A' && a <= 'Z' ? a + ('a' - 'A') : a) == b; });
    return found != text.end();
}

}  // namespace

client_habits read_habits(const http_server::request& from, bool streamed, bool comments) {
    const std::string_view runtime = value_of(from, "x-stainless-runtime");
    const std::string_view language = value_of(from, "x-stainless-lang");
    const std::string_view agent = value_of(from, "user-agent");
    const bool is_node = same_name(runtime, "node") || mentions(agent, "ai-sdk") || mentions(agent, "node");
    const bool is_httpx = mentions(agent, "httpx") || same_name(language, "python");
    const bool is_sdk = !language.empty() || mentions(agent, "ai-sdk");

    client_habits found;
    auto told = seconds_in(value_of(from, "x-stainless-read-timeout"));
    if (!told) told = seconds_in(value_of(from, "x-stainless-timeout"));
    if (told || is_sdk) found.patience = told.value_or(sdk_patience);
    if (is_node) {
        // The limit of the SDK runs until the head comes, that of Node until anything does.
        found.longest = found.patience;
        found.patience = std::min(found.patience, node_patience);
    }
    if (is_sdk) found.attempts = sdk_attempts;
    if (streamed && comments) {
        found.kept_by = sign_of_life::comments;
        found.longest = duration::max();
    } else if (!streamed && (is_node || is_httpx) && value_of(from, "via").empty() && from.http_1_1) {
        found.kept_by = sign_of_life::interim;
    }
    if (const auto said = seconds_in(value_of(from, "x-stagger-timeout")))
        found.patience = found.longest = *said;
    found.patience = less_margin(found.patience);
    found.longest = less_margin(found.longest);
    return found;
}

}  // namespace stagger::gateway
