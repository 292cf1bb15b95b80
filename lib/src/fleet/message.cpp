#include "fleet/message.hpp"

#include <charconv>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "base/visible_text.hpp"

namespace stagger::fleet {

namespace {

constexpr std::string_view report_word = "report";
constexpr std::string_view slots_word = "slots";
constexpr std::string_view heartbeat_word = "heartbeat";
constexpr std::string_view nothing = "-";
// No slot is planned further ahead than a pace of one in a minute has them.
constexpr duration furthest_slot = std::chrono::hours(1);

[[noreturn]] void refuse(std::string_view name, std::string_view rule, std::string_view value) {
    constexpr std::size_t shown = 40;
    throw std::invalid_argument(std::string(name) + ": must " + std::string(rule) + ", is \"" +
                                visible_line(value.substr(0, shown)) + "\"");
}

template <class Number>
Number number(std::string_view name, std::string_view text) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || text.empty())
        refuse(name, std::is_integral_v<Number> ? "be a whole number" : "be a number", text);
    return value;
}

double positive(std::string_view name, std::string_view text) {
    const auto value = number<double>(name, text);
    if (!std::isfinite(value) || value <= 0) refuse(name, "be finite and > 0", text);
    return value;
}

double count(std::string_view name, std::string_view text) {
    const auto value = number<double>(name, text);
    if (!std::isfinite(value) || value < 0) refuse(name, "be finite and >= 0", text);
    return value;
}

std::string text_of(double value) {
    char digits[32];
    const auto end = std::to_chars(std::begin(digits), std::end(digits), value).ptr;
    return {std::begin(digits), end};
}

/// The words of a message, one after the other.
class word_reader {
 public:
    explicit word_reader(std::string_view text) : left_(text) {
        if (text.size() > longest_message_bytes) throw std::invalid_argument("message: is too long");
    }

    bool at_end() const { return left_.empty(); }
    std::string_view next(std::string_view name) {
        if (left_.empty()) throw std::invalid_argument(std::string(name) + ": must be given, is missing");
        const std::string_view word = left_.substr(0, left_.find(' '));
        left_.remove_prefix(std::min(left_.size(), word.size() + 1));
        if (word.empty()) refuse(name, "not be empty", word);
        return word;
    }
    std::uint64_t whole(std::string_view name) { return number<std::uint64_t>(name, next(name)); }
    void expect_end() const {
        if (!left_.empty()) refuse("end", "follow", left_);
    }

 private:
    std::string_view left_;
};

// ---- hints:
// "retry=5000000,by=body,else=quota:9000000,limit=60,left=0,reset=1000000,tokens_limit=...,load=1"

struct hint_words {
    std::string_view limit, left, reset;
};
constexpr std::string_view retry_hint = "retry";
constexpr std::string_view kind_hint = "by";
constexpr std::string_view other_hint = "else";
constexpr std::string_view load_hint = "load";
constexpr hint_words request_hints{"limit", "left", "reset"};
constexpr hint_words token_hints{"tokens_limit", "tokens_left", "tokens_reset"};

void append_hint(std::string& to, std::string_view name, const std::string& value) {
    to.append(1, ',').append(name).append(1, '=').append(value);
}

void append_hints(std::string& to, const limit_hint& told, const hint_words& names) {
    if (told.limit) append_hint(to, names.limit, text_of(*told.limit));
    if (told.remaining) append_hint(to, names.left, text_of(*told.remaining));
    if (told.reset) append_hint(to, names.reset, std::to_string(told.reset->count()));
}

bool read_hint(limit_hint& told, std::string_view name, std::string_view value, const hint_words& names) {
    if (name == names.limit) {
        told.limit = count(name, value);
    } else if (name == names.left) {
        told.remaining = count(name, value);
    } else if (name == names.reset) {
        told.reset = duration(number<std::int64_t>(name, value));
    } else {
        return false;
    }
    return true;
}

opening_hint opening_kind(std::string_view name, std::string_view text) {
    for (const opening_hint each : opening_hints) {
        if (text == to_string(each)) return each;
    }
    refuse(name, "name what says when the server opens", text);
}

other_opening read_other(std::string_view name, std::string_view text) {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) refuse(name, "read kind:nanoseconds", text);
    return {opening_kind(name, text.substr(0, colon)),
            duration(number<std::int64_t>(name, text.substr(colon + 1)))};
}

void append_opening(std::string& to, const hints& said) {
    if (said.retry_after) append_hint(to, retry_hint, std::to_string(said.retry_after->count()));
    if (said.retry_after_kind != opening_hint::retry_after)
        append_hint(to, kind_hint, std::string(to_string(said.retry_after_kind)));
    if (!said.otherwise) return;
    append_hint(
        to, other_hint,
        std::string(to_string(said.otherwise->kind)) + ':' + std::to_string(said.otherwise->wait.count()));
}

void read_hint(hints& said, std::string_view text) {
    const auto equals = text.find('=');
    if (equals == std::string_view::npos) refuse("hint", "read name=value", text);
    const auto name = text.substr(0, equals);
    const auto value = text.substr(equals + 1);
    if (name == retry_hint) {
        said.retry_after = duration(number<std::int64_t>(name, value));
        return;
    }
    if (name == kind_hint) {
        said.retry_after_kind = opening_kind(name, value);
        return;
    }
    if (name == other_hint) {
        said.otherwise = read_other(name, value);
        return;
    }
    if (name == load_hint) {
        said.overloaded = number<unsigned>(name, value) != 0;
        return;
    }
    if (!read_hint(said.requests, name, value, request_hints) &&
        !read_hint(said.tokens, name, value, token_hints))
        refuse("hint", "be one that is known", text);
}

// ---- outcomes: "a17", "r18,retry=5000000"

fate fate_of(std::string_view word) {
    for (const fate each : {fate::accepted, fate::answering, fate::ended, fate::throttled, fate::failed,
                            fate::abandoned, fate::unsent}) {
        if (word.front() == static_cast<char>(each)) return each;
    }
    refuse("outcome", "begin with one of a g e r f x u", word);
}

void append_outcome(std::string& to, const outcome& one) {
    to.append(1, ' ').append(1, static_cast<char>(one.what)).append(std::to_string(one.slot));
    append_opening(to, one.said);
    append_hints(to, one.said.requests, request_hints);
    append_hints(to, one.said.tokens, token_hints);
    if (one.said.overloaded) append_hint(to, load_hint, "1");
}

outcome read_outcome(std::string_view word) {
    outcome one;
    one.what = fate_of(word);
    auto part = word.substr(1, word.find(',') - 1);
    one.slot = number<slot_number>("outcome", part);
    std::size_t used = 1 + part.size();
    while (used < word.size()) {
        const auto rest = word.substr(used + 1);
        part = rest.substr(0, rest.find(','));
        read_hint(one.said, part);
        used += 1 + part.size();
    }
    return one;
}

// ---- limits: "rate 50 10 - - - - 12"

std::string optional_text(const std::optional<double>& value) {
    return value ? text_of(*value) : std::string(nothing);
}
std::string optional_text(const std::optional<duration>& value) {
    return value ? std::to_string(value->count()) : std::string(nothing);
}

std::optional<double> optional_number(word_reader& from, std::string_view name) {
    const auto word = from.next(name);
    return word == nothing ? std::nullopt : std::optional(number<double>(name, word));
}
std::optional<duration> optional_span(word_reader& from, std::string_view name) {
    const auto word = from.next(name);
    if (word == nothing) return std::nullopt;
    return duration(number<std::int64_t>(name, word));
}

template <class Enum, std::size_t Count>
Enum named(std::string_view name, std::string_view word, const Enum (&all)[Count]) {
    for (const Enum each : all) {
        if (word == to_string(each)) return each;
    }
    refuse(name, "be one that is known", word);
}

constexpr limit_kind limit_kinds[] = {limit_kind::rate, limit_kind::window, limit_kind::concurrency,
                                      limit_kind::lockout, limit_kind::none};
constexpr coordinator_mode modes[] = {coordinator_mode::ramp, coordinator_mode::search,
                                      coordinator_mode::ride, coordinator_mode::closed};

remembered_limits read_limits(word_reader& from) {
    remembered_limits limits;
    limits.kind = named("kind", from.next("kind"), limit_kinds);
    limits.rate_per_s = positive("rate", from.next("rate"));
    limits.burst = optional_number(from, "burst");
    limits.quota = optional_number(from, "quota");
    limits.window = optional_span(from, "window");
    limits.in_flight = optional_number(from, "in_flight");
    limits.silence = optional_span(from, "silence");
    limits.rejections = from.whole("rejections");
    if (const auto broken = broken_rule(limits))
        throw std::invalid_argument(std::string(broken->field) + ": " + std::string(broken->rule));
    return limits;
}

slots read_slots(word_reader& from) {
    slots said;
    said.term = from.whole("term");
    while (!from.at_end()) {
        if (said.planned.size() == most_slots) throw std::invalid_argument("slots: are too many");
        const auto word = from.next("slot");
        const auto at = word.find('@');
        if (at == std::string_view::npos) refuse("slot", "read number@microseconds", word);
        const std::chrono::microseconds in(number<std::int64_t>("slot", word.substr(at + 1)));
        if (in < -furthest_slot || in > furthest_slot) refuse("slot", "be within an hour", word);
        said.planned.push_back({number<slot_number>("slot", word.substr(0, at)), in});
    }
    return said;
}

heartbeat read_heartbeat(word_reader& from) {
    heartbeat said;
    said.term = from.whole("term");
    said.per_s = positive("per_s", from.next("per_s"));
    said.active = from.whole("active");
    if (said.active == 0) refuse("active", "be at least 1", "0");
    said.mode = named("mode", from.next("mode"), modes);
    said.is_measured = from.whole("is_measured") != 0;
    said.reports_at_once = from.whole("reports_at_once") != 0;
    if (!from.at_end()) said.learned = read_limits(from);
    from.expect_end();
    return said;
}

std::string begin(std::string_view word, term_number term) {
    return std::string(word) + ' ' + std::to_string(term);
}

}  // namespace

std::string format(const report& said) {
    std::string text = std::string(report_word) + ' ' + said.member;
    for (const std::uint64_t value : {said.term, said.received, said.wanted, said.backlog})
        text.append(1, ' ').append(std::to_string(value));
    for (const outcome& one : said.outcomes) append_outcome(text, one);
    return text;
}

std::string format(const slots& said) {
    std::string text = begin(slots_word, said.term);
    for (const slot& one : said.planned) {
        const auto in = std::chrono::floor<std::chrono::microseconds>(one.in);
        text.append(1, ' ')
            .append(std::to_string(one.number))
            .append(1, '@')
            .append(std::to_string(in.count()));
    }
    return text;
}

std::string format(const heartbeat& said) {
    std::string text = begin(heartbeat_word, said.term);
    text.append(1, ' ').append(text_of(said.per_s)).append(1, ' ').append(std::to_string(said.active));
    text.append(1, ' ').append(to_string(said.mode));
    text.append(said.is_measured ? " 1" : " 0").append(said.reports_at_once ? " 1" : " 0");
    if (said.learned) text.append(1, ' ').append(format(*said.learned));
    return text;
}

std::string format(const remembered_limits& limits) {
    std::string text(to_string(limits.kind));
    for (const std::string& each :
         {text_of(limits.rate_per_s), optional_text(limits.burst), optional_text(limits.quota),
          optional_text(limits.window), optional_text(limits.in_flight), optional_text(limits.silence),
          std::to_string(limits.rejections)})
        text.append(1, ' ').append(each);
    return text;
}

remembered_limits parse_limits(std::string_view text) {
    word_reader from(text);
    const auto limits = read_limits(from);
    from.expect_end();
    return limits;
}

report parse_report(std::string_view text) {
    word_reader from(text);
    if (const auto word = from.next("message"); word != report_word) refuse("message", "be a report", word);
    report said;
    said.member = from.next("member");
    if (said.member.size() > longest_member_name) refuse("member", "have at most 64 characters", said.member);
    said.term = from.whole("term");
    said.received = from.whole("received");
    said.wanted = from.whole("wanted");
    said.backlog = from.whole("backlog");
    while (!from.at_end()) {
        if (said.outcomes.size() == most_outcomes) throw std::invalid_argument("outcomes: are too many");
        said.outcomes.push_back(read_outcome(from.next("outcome")));
    }
    return said;
}

std::variant<slots, heartbeat> parse_from_leader(std::string_view text) {
    word_reader from(text);
    const auto word = from.next("message");
    if (word == slots_word) return read_slots(from);
    if (word == heartbeat_word) return read_heartbeat(from);
    refuse("message", "be slots or a heartbeat", word);
}

}  // namespace stagger::fleet
