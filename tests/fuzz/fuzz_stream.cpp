#include <string>
#include <vector>

#include "dialect/sse_parser.hpp"
#include "dialect/stream_answer.hpp"
#include "fuzz/chosen_dialect.hpp"
#include "fuzz/fuzz_input.hpp"
#include "fuzz/property.hpp"
#include "fuzz/targets.hpp"

// Server-sent events, and the answer they make, are the same however the bytes are cut.

namespace stagger::fuzz {
namespace {

constexpr std::string_view key = "sk-secret-abcdef123456";

struct shape {
    stagger::dialect dialect;
    std::size_t longest_line;
    std::size_t largest_event;
};

/// What came of one way to read the bytes.
struct reading {
    std::vector<std::string> events;
    error_code unreadable;
    std::optional<duration> retry;
    std::string text;
    std::string message;
    std::string finish_reason;
    error_code error;
    wire::stream_answer::step last = wire::stream_answer::step::nothing;
    friend bool operator==(const reading&, const reading&) = default;
};

class reader {
 public:
    explicit reader(const shape& form)
        : parser_(form.longest_line, form.largest_event), answer_(form.dialect, wire::secrets(key)) {}

    /// False after an error.
    bool put(std::string_view bytes) {
        while (!bytes.empty() && !got_.unreadable) {
            const std::size_t count = parser_.put(bytes, got_.unreadable);
            require(count <= bytes.size(), "no more is read than there is");
            if (got_.unreadable) break;
            require(count > 0 || parser_.has_event(), "something is read");
            bytes.remove_prefix(count);
            parser_.has_event() ? take(parser_.take())
                                : require(bytes.empty(), "all is read where there is no event");
        }
        return !got_.unreadable;
    }

    reading end() {
        if (!is_over()) got_.last = answer_.take_end_of_body();
        got_.retry = parser_.retry();
        require(!got_.retry || *got_.retry >= duration::zero(), "a wait is not negative");
        got_.finish_reason = answer_.answer().finish_reason;
        got_.message = answer_.answer().info.message;
        got_.error = answer_.error();
        require_readable(got_.message);
        require(got_.message.find(key) == std::string::npos, "no message repeats the key");
        return std::move(got_);
    }

 private:
    bool is_over() const {
        return got_.last == wire::stream_answer::step::end || got_.last == wire::stream_answer::step::failed;
    }

    void take(wire::sse_event event) {
        require(!wire::invalid_utf8_at(event.data) && !wire::invalid_utf8_at(event.type),
                "an event is UTF-8");
        got_.events.push_back(event.type + '\n' + event.last_event_id + '\n' + event.data);
        if (is_over()) return;
        completion_delta delta;
        got_.last = answer_.take(std::move(event), delta);
        got_.text += delta.text;
    }

    wire::sse_parser parser_;
    wire::stream_answer answer_;
    reading got_;
};

reading read(const shape& form, std::string_view bytes, std::string_view pieces) {
    reader one(form);
    std::size_t piece = 0;
    while (!bytes.empty()) {
        const std::size_t wanted = static_cast<unsigned char>(pieces[piece++ % pieces.size()]);
        const std::string part(bytes.substr(0, wanted % 17 + 1));  // a copy, so that reading past it shows
        bytes.remove_prefix(part.size());
        if (!one.put(part)) break;
    }
    return one.end();
}

}  // namespace

void fuzz_stream(std::string_view bytes) {
    fuzz_input input(bytes);
    const std::uint8_t choices = input.byte();
    const shape form{dialect_by(choices), (choices & 0x40) != 0 ? 64u : 65536u,
                     (choices & 0x80) != 0 ? 100u : 65536u};
    const std::string_view pieces = input.take(input.byte() % 8 + std::size_t{1});
    if (pieces.empty()) return;
    const std::string_view stream = input.rest();
    reader whole(form);
    whole.put(stream);
    const reading at_once = whole.end();
    require(read(form, stream, pieces) == at_once, "the answer does not depend on the pieces");
    require(read(form, stream, std::string_view("\0", 1)) == at_once,
            "the answer does not depend on the pieces");
}

}  // namespace stagger::fuzz
