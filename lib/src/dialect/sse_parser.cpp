#include "dialect/sse_parser.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/utf8.hpp"

namespace stagger::wire {

namespace {

bool is_line_end(char character) {
    return character == '\n' || character == '\r';
}

bool is_digit(char character) {
    return character >= '0' && character <= '9';
}

/// A reconnection time; nothing if the text is more than digits, or no time that a duration can hold.
std::optional<duration> milliseconds_of(std::string_view text) {
    if (text.empty() || !std::all_of(text.begin(), text.end(), is_digit)) return std::nullopt;
    std::int64_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    constexpr auto longest = std::chrono::duration_cast<std::chrono::milliseconds>(duration::max());
    if (error != std::errc() || count > longest.count()) return std::nullopt;
    return std::chrono::milliseconds(count);
}

}  // namespace

std::size_t sse_parser::put(std::string_view bytes, error_code& error) {
    std::size_t at = 0;
    while (at < bytes.size() && !event_ && !error) {
        if (std::exchange(after_carriage_return_, false) && bytes[at] == '\n') {
            ++at;
            continue;
        }
        const auto* const begin = bytes.data() + at;
        const auto* const end = std::find_if(begin, bytes.data() + bytes.size(), is_line_end);
        const std::string_view piece(begin, static_cast<std::size_t>(end - begin));
        if (line_.size() + piece.size() > longest_line_) {
            error = errc::answer_too_large;
            break;
        }
        at += piece.size();
        if (at == bytes.size()) {
            line_ += piece;
            break;
        }
        after_carriage_return_ = bytes[at++] == '\r';
        if (line_.empty()) {
            end_line(piece, error);
        } else {
            line_ += piece;
            end_line(line_, error);
            line_.clear();
        }
    }
    return at;
}

sse_event sse_parser::take() {
    sse_event taken = std::move(*event_);
    event_.reset();
    return taken;
}

void sse_parser::end_line(std::string_view line, error_code& error) {
    if (std::exchange(first_line_, false) && line.starts_with(byte_order_mark))
        line.remove_prefix(byte_order_mark.size());
    if (line.empty()) return dispatch();
    keep_stray(line);
    const auto colon = line.find(':');
    if (colon == 0) return;  // a comment
    if (colon == std::string_view::npos) return add_field(line, {}, error);
    auto value = line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    add_field(line.substr(0, colon), value, error);
}

void sse_parser::add_field(std::string_view name, std::string_view value, error_code& error) {
    if (name == "data") {
        if (data_.size() + value.size() > largest_event_) {
            error = errc::answer_too_large;
            return;
        }
        append_as_utf8(data_, value);
        data_ += '\n';
    } else if (name == "event") {
        type_.clear();
        append_as_utf8(type_, value);
    } else if (name == "id") {
        if (value.find('\0') != std::string_view::npos) return;
        last_event_id_.clear();
        append_as_utf8(last_event_id_, value);
    } else if (name == "retry") {
        if (const auto wait = milliseconds_of(value)) retry_ = wait;
    }
}

void sse_parser::keep_stray(std::string_view line) {
    // No field's name begins like this, so that no event is looked at.
    const bool is_more =
        !stray_.empty() && std::string_view(" \t\"{}[]").find(line.front()) != std::string_view::npos;
    const bool begins = stray_.empty() && (line.front() == '{' || line.front() == '[');
    if (!(is_more || begins) || stray_.size() + line.size() >= longest_stray) return;
    stray_ += line;
    stray_ += '\n';
}

std::string sse_parser::stray() const {
    const bool is_more = !stray_.empty() || line_.starts_with('{') || line_.starts_with('[');
    return is_more ? stray_ + line_ : std::string();
}

void sse_parser::dispatch() {
    if (!data_.empty()) {
        data_.pop_back();
        event_ = sse_event{type_.empty() ? "message" : std::move(type_), std::move(data_), last_event_id_};
    }
    type_.clear();
    data_.clear();
}

}  // namespace stagger::wire
