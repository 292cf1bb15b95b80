#include "job/job_text.hpp"

#include <array>
#include <charconv>
#include <cstdio>
#include <stdexcept>
#include <utility>
#include <vector>

#include "base/error_name.hpp"
#include "base/seconds.hpp"
#include "batch/line_hash.hpp"
#include "dialect/dialect.hpp"
#include "json/json_text.hpp"
#include "json/json_writer.hpp"

namespace stagger::job {
namespace {

using members = std::vector<wire::json_member>;

members members_of(std::string_view text, const char* what) {
    if (const auto wrong = wire::json_problem(text))
        throw std::invalid_argument(std::string(what) + ": must be JSON: " + *wrong);
    auto found = wire::json_members(text);
    if (!found) throw std::invalid_argument(std::string(what) + ": must be a JSON object");
    return std::move(*found);
}

std::string text_in(const members& all, std::string_view name) {
    const auto* found = wire::find_member(all, name);
    const auto text = found ? wire::json_string_value(found->value) : std::nullopt;
    return text.value_or(std::string());
}

double number_in(const members& all, std::string_view name) {
    const auto* found = wire::find_member(all, name);
    const bool is_number = found && (found->value.front() == '-' ||
                                     (found->value.front() >= '0' && found->value.front() <= '9'));
    return is_number ? wire::json_number_value(found->value) : 0;
}

std::uint64_t count_in(const members& all, std::string_view name) {
    const double number = number_in(all, name);
    constexpr double largest = 1e15;  // exact in a double
    return number >= 0 && number <= largest ? static_cast<std::uint64_t>(number) : 0;
}

duration span_in(const members& all, std::string_view name) {
    const double seconds = number_in(all, name);
    constexpr double longest = 1e9;
    return seconds >= 0 && seconds <= longest ? from_seconds(seconds) : duration::zero();
}

constexpr auto open_name = "open";
constexpr auto done_name = "done";

// Errors go by their names: their numbers are a program's own.
error_code error_by_name(const std::string& name) {
    if (name.empty()) return {};
    for (int value = 1; value <= static_cast<int>(errc::shut_down); ++value) {
        if (to_string(static_cast<errc>(value)) == name) return static_cast<errc>(value);
    }
    const auto colon = name.find(':');
    int number = 0;
    if (colon != name.npos) std::from_chars(name.data() + colon + 1, name.data() + name.size(), number);
    if (name.starts_with("system:")) return {number, boost::system::system_category()};
    if (name.starts_with("generic:")) return {number, boost::system::generic_category()};
    // Of a later version, or of a library's own.
    return errc::server_error;
}

void append_tries(std::string& out, const std::vector<failed_try>& tries) {
    out += '[';
    for (const failed_try& each : tries) {
        if (&each != &tries.front()) out += ',';
        wire::object_writer one(out);
        one.number("after_s", to_seconds(each.sent_after));
        one.string("code", wire::error_name(each.error));
        one.count("status", each.http_status);
        one.string("message", each.message);
        one.close();
    }
    out += ']';
}

std::vector<failed_try> tries_in(const members& all) {
    std::vector<failed_try> tries;
    const auto* found = wire::find_member(all, "tries");
    const auto elements = found ? wire::json_elements(found->value) : std::nullopt;
    if (!elements) return tries;
    for (const auto text : *elements) {
        const auto own = wire::json_members(text);
        if (!own) continue;
        tries.push_back({span_in(*own, "after_s"), error_by_name(text_in(*own, "code")),
                         static_cast<unsigned>(count_in(*own, "status")), text_in(*own, "message")});
    }
    return tries;
}

diagnostic history_in(const members& all, error_code error) {
    diagnostic info;
    info.message = text_in(all, "message");
    info.http_status = static_cast<unsigned>(count_in(all, "status"));
    info.request_id = text_in(all, "request_id");
    const auto last = text_in(all, "last");
    info.last_error = last.empty() ? error : error_by_name(last);
    info.attempts = static_cast<unsigned>(count_in(all, "attempts"));
    info.rejections = static_cast<unsigned>(count_in(all, "rejections"));
    info.unreadable_answers = static_cast<unsigned>(count_in(all, "unreadable"));
    info.queued = span_in(all, "queued_s");
    info.served = span_in(all, "served_s");
    info.tries = tries_in(all);
    return info;
}

}  // namespace

std::string format_description(const description& what) {
    std::string text;
    wire::object_writer all(text);
    all.string("state", what.state == fleet::job_state::done ? done_name : open_name);
    all.string("dialect", to_string(what.spoken));
    all.string("model", what.model);
    all.count("recorded", what.recorded);
    all.count("failed", what.failed);
    if (what.left) all.count("left", *what.left);
    all.close();
    return text;
}

description parse_description(std::string_view text) {
    const auto all = members_of(text, "job");
    description found;
    const auto name = text_in(all, "dialect");
    const auto spoken = parse_dialect(name);
    if (!spoken) throw std::invalid_argument("job: the dialect \"" + name + "\" is not known here");
    found.spoken = *spoken;
    found.model = text_in(all, "model");
    found.state = text_in(all, "state") == done_name ? fleet::job_state::done : fleet::job_state::open;
    found.recorded = count_in(all, "recorded");
    found.failed = count_in(all, "failed");
    if (wire::find_member(all, "left")) found.left = count_in(all, "left");
    return found;
}

fleet::job_state state_in(std::string_view text) {
    if (text.empty()) return fleet::job_state::absent;
    try {
        return parse_description(text).state;
    } catch (const std::invalid_argument&) {
        return fleet::job_state::open;
    }
}

std::string format_question(const question& what) {
    std::string text;
    text.reserve(what.body.size() + what.custom_id.size() + what.model.size() + 40);
    wire::object_writer all(text);
    all.string("id", what.custom_id);
    if (!what.model.empty()) all.string("model", what.model);
    all.raw("body", what.body);
    all.close();
    return text;
}

question parse_question(std::string_view text) {
    // A level deeper than a body may be.
    if (const auto wrong = wire::json_problem(text, wire::max_json_depth + 1))
        throw std::invalid_argument("prompt: must be JSON: " + *wrong);
    const auto all = wire::json_members(text);
    const auto* body = all ? wire::find_member(*all, "body") : nullptr;
    if (!body) throw std::invalid_argument("prompt: must be a JSON object with a body");
    return {text_in(*all, "id"), text_in(*all, "model"), std::string(body->value)};
}

std::string format_answer(error_code error, const completion& answer) {
    const diagnostic& info = answer.info;
    std::string text;
    text.reserve(answer.raw.size() + answer.raw.size() / 8 + 300);
    wire::object_writer all(text);
    if (error) all.string("code", wire::error_name(error));
    if (info.last_error && info.last_error != error) all.string("last", wire::error_name(info.last_error));
    if (!info.message.empty()) all.string("message", info.message);
    all.count("status", info.http_status);
    if (!info.request_id.empty()) all.string("request_id", info.request_id);
    all.count("attempts", info.attempts);
    all.count("rejections", info.rejections);
    if (info.unreadable_answers > 0) all.count("unreadable", info.unreadable_answers);
    all.number("queued_s", to_seconds(info.queued));
    all.number("served_s", to_seconds(info.served));
    if (!info.tries.empty()) append_tries(all.key("tries"), info.tries);
    // As text, so that it is the same bytes again.
    all.string("raw", answer.raw);
    all.close();
    return text;
}

void parse_answer(std::string_view text, dialect spoken, double unix_now, error_code& error,
                  completion& answer) {
    const auto all = members_of(text, "answer");
    error = error_by_name(text_in(all, "code"));
    std::string raw = text_in(all, "raw");
    auto info = history_in(all, error);
    answer = {};
    if (error) {
        answer.raw = std::move(raw);
    } else {
        wire::response received;
        received.status = info.http_status;
        received.fields = {{"Content-Type", "application/json"}};
        received.body = std::move(raw);
        auto read = wire::decode(std::move(received), spoken, unix_now);
        error = read.error;
        answer = std::move(read.answer);
        if (error) info.message = answer.info.message;
    }
    answer.info = std::move(info);
}

std::string key_of(std::size_t position, std::uint64_t hash, std::uint64_t parameters) {
    std::array<char, 48> text{};
    std::snprintf(text.data(), text.size(), "%zu-%016llx", position,
                  static_cast<unsigned long long>(batch::mixed(hash ^ parameters)));
    return text.data();
}

}  // namespace stagger::job
