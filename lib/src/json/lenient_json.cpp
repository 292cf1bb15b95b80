#include "json/lenient_json.hpp"

#include <charconv>
#include <utility>

#include "base/utf8.hpp"

namespace stagger::wire {

namespace {

constexpr std::string_view replacement_escape = "\\ufffd";
constexpr std::size_t escape_length = 6;

/// The unit that `text` begins with as \uXXXX; nothing if it begins with anything else.
std::optional<unsigned> escaped_unit(std::string_view text) {
    if (text.size() < escape_length || !text.starts_with("\\u")) return std::nullopt;
    unsigned unit = 0;
    const char* const end = text.data() + escape_length;
    const auto read = std::from_chars(text.data() + 2, end, unit, 16);
    return read.ec == std::errc() && read.ptr == end ? std::optional(unit) : std::nullopt;
}

bool is_high(unsigned unit) {
    return unit >= 0xd800 && unit < 0xdc00;
}

bool is_low(unsigned unit) {
    return unit >= 0xdc00 && unit < 0xe000;
}

/// A copy of a text with parts exchanged; none as long as nothing was.
class exchanged_text {
 public:
    explicit exchanged_text(std::string_view text) : text_(text) {}

    void exchange(std::size_t at, std::size_t length, std::string_view by) {
        if (!made_) made_.emplace();
        made_->append(text_.substr(kept_, at - kept_)).append(by);
        kept_ = at + length;
    }
    std::optional<std::string> take() {
        if (made_) made_->append(text_.substr(kept_));
        return std::move(made_);
    }

 private:
    std::string_view text_;
    std::optional<std::string> made_;
    std::size_t kept_ = 0;  // what comes before has been copied
};

/// How long the escape at `at` is, exchanged where it is half of a pair.
std::size_t take_escape(std::string_view text, std::size_t at, exchanged_text& made) {
    const auto unit = escaped_unit(text.substr(at));
    if (!unit) return 2;
    if (is_high(*unit)) {
        const auto second = escaped_unit(text.substr(at + escape_length));
        if (second && is_low(*second)) return 2 * escape_length;
    }
    if (is_high(*unit) || is_low(*unit)) made.exchange(at, escape_length, replacement_escape);
    return escape_length;
}

/// How long the number at `at` is that JSON does not have; 0: there is none.
std::size_t odd_number_length(std::string_view text) {
    for (const std::string_view one : {"NaN", "Infinity", "-Infinity"}) {
        if (text.starts_with(one)) return one.size();
    }
    return 0;
}

}  // namespace

std::optional<std::string> with_whole_surrogates(std::string_view json) {
    exchanged_text made(json);
    for (std::size_t at = json.find('\\'); at < json.size(); at = json.find('\\', at)) {
        at += take_escape(json, at, made);
    }
    return made.take();
}

std::optional<std::string> as_others_read(std::string_view json) {
    if (invalid_utf8_at(json)) {
        std::string readable;
        append_as_utf8(readable, json);
        auto made = as_others_read(readable);
        return made ? std::move(made) : std::optional(std::move(readable));
    }
    exchanged_text made(json);
    if (json.starts_with(byte_order_mark)) made.exchange(0, byte_order_mark.size(), {});
    bool in_string = false;
    for (std::size_t at = json.find_first_of("\"NI-"); at < json.size();
         at = json.find_first_of(in_string ? "\"\\" : "\"NI-", at)) {
        if (json[at] == '"') {
            in_string = !in_string;
            ++at;
        } else if (json[at] == '\\') {
            at += take_escape(json, at, made);
        } else if (const std::size_t length = odd_number_length(json.substr(at))) {
            made.exchange(at, length, "null");
            at += length;
        } else {
            ++at;
        }
    }
    return made.take();
}

}  // namespace stagger::wire
