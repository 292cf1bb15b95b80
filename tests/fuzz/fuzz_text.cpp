#include <string>

#include "batch/prompt_template.hpp"
#include "dialect/error_body.hpp"
#include "dialect/secrets.hpp"
#include "dialect/server_message.hpp"
#include "fuzz/fuzz_input.hpp"
#include "fuzz/property.hpp"
#include "fuzz/targets.hpp"
#include "json/json_text.hpp"
#include "json/json_writer.hpp"

// Text of servers: made UTF-8, readable, without keys, and JSON that says the same.

namespace stagger::fuzz {
namespace {

constexpr std::string_view usual_key = "sk-secret-abcdef123456";
constexpr std::size_t longest_message_bytes = 320;

/// What may be a key: printable, without blanks.
std::string key_of(fuzz_input& input) {
    std::string key(input.take(input.byte() % 24));
    for (char& each : key) {
        if (each <= ' ' || each > '~') each = 'k';
    }
    return key;
}

std::string as_utf8(std::string_view text) {
    std::string made;
    wire::append_as_utf8(made, text);
    return made;
}

void require_masked(const std::string& text, const std::string& key, const wire::secrets& hidden) {
    std::string masked = text;
    hidden.mask(masked);
    if (key != usual_key) return;  // others may be a part of the mask
    require(masked.find(key) == masked.npos, "no key is left", masked);
    for (const std::string& source : {text, wire::read_error_body(text).message})
        require(wire::readable_message(source, hidden).find(key) == std::string::npos, "no message has a key",
                source);
}

void require_round_trip(const std::string& text) {
    const std::string made = as_utf8(text);
    require(!wire::invalid_utf8_at(made), "it is UTF-8");
    require(as_utf8(made) == made, "what is UTF-8 stays as it is");
    std::string written;
    wire::append_json_string(written, text);
    require(!wire::json_problem(written), "a JSON string is JSON", written);
    require(wire::json_string_value(written) == made, "a JSON string says the same", written);
}

}  // namespace

void fuzz_text(std::string_view bytes) {
    fuzz_input input(bytes);
    const std::uint8_t choices = input.byte();
    const std::string key = (choices & 1) != 0 ? std::string(usual_key) : key_of(input);
    const wire::secrets hidden(key);
    std::string text(input.rest());
    if ((choices & 2) != 0) text += key;
    if ((choices & 4) != 0) text.insert(text.size() / 2, key);
    require_round_trip(text);
    require_masked(text, key, hidden);
    for (const std::string& source :
         {text, wire::read_error_body(text).message, wire::shown_beginning(text, hidden)}) {
        const std::string message = wire::readable_message(source, hidden);
        require_readable(message);
        require(message.size() <= longest_message_bytes, "a message is short", message);
    }
    try {
        const wire::prompt_template form(text);
        form.fill([](const std::string& name) { return "<" + name + ">"; });
    } catch (const std::invalid_argument&) {
        // Not a template: it says so.
    }
}

}  // namespace stagger::fuzz
