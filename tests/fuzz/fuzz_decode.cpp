#include <array>
#include <cmath>

#include "batch/batch_line.hpp"
#include "dialect/dialect.hpp"
#include "dialect/retry_after.hpp"
#include "fuzz/chosen_dialect.hpp"
#include "fuzz/fuzz_input.hpp"
#include "fuzz/property.hpp"
#include "fuzz/targets.hpp"
#include "json/json_text.hpp"

// A response of any status, with any fields and body, in each dialect: never repeats a key, never obeys
// nonsense.

namespace stagger::fuzz {
namespace {

constexpr std::string_view key = "sk-secret-abcdef123456";
constexpr double now = 1.7e9;
constexpr std::array statuses{200u, 201u, 204u, 301u, 307u, 400u, 401u, 402u, 403u, 404u, 408u,
                              413u, 422u, 429u, 500u, 502u, 503u, 529u, 599u, 999u, 100u};

wire::response response_of(fuzz_input& input) {
    constexpr std::size_t most_fields = 40;
    wire::response made;
    made.status = statuses[input.byte() % statuses.size()];
    while (made.fields.size() < most_fields) {
        const std::string_view line = input.line();
        if (line.empty()) break;
        const auto colon = line.find(':');
        if (colon == line.npos) continue;
        made.fields.push_back({std::string(line.substr(0, colon)), std::string(line.substr(colon + 1))});
    }
    return made;
}

void require_sane(const limit_hint& hint) {
    require(!hint.limit || (std::isfinite(*hint.limit) && *hint.limit >= 0), "a limit is a count");
    require(!hint.remaining || (std::isfinite(*hint.remaining) && *hint.remaining >= 0),
            "what remains is a count");
    require(!hint.reset || *hint.reset >= duration::zero(), "a reset is not in the past");
}

void require_sound(const wire::decoded_answer& got) {
    const diagnostic& info = got.answer.info;
    require_readable(info.message);
    require_readable(info.request_id);
    require(info.message.find(key) == std::string::npos, "no message repeats the key");
    require(info.request_id.find(key) == std::string::npos, "no request id repeats the key");
    const auto& wait = got.what.retry_after;
    require(!wait || (*wait >= duration::zero() && *wait <= wire::longest_retry_after), "a wait is bounded");
    require_sane(got.hints.requests);
    require_sane(got.hints.tokens);
    require(!wire::invalid_utf8_at(got.answer.text), "text is UTF-8");
}

}  // namespace

void fuzz_decode(std::string_view bytes) {
    fuzz_input input(bytes);
    const std::uint8_t choices = input.byte();
    const wire::secrets hidden(key);
    wire::response received = response_of(input);
    received.ends_with_connection = (choices & 0x80) != 0;
    received.body = std::string(input.rest());
    if (received.status / 100 == 2) require_sound(wire::decode_stream_head(received, now, hidden));
    const wire::decoded_answer got = wire::decode(std::move(received), dialect_by(choices), now, hidden);
    require_sound(got);
    const std::string line = wire::format_result_line("id-1", got.error, got.answer, {7, 1, 2});
    require(line.find_first_of("\r\n") == line.npos, "a result is one line", line);
    require(!wire::json_problem(line), "a result is JSON for everybody", line);
    const auto back = wire::parse_result_line(line);
    require(back && back->custom_id == "id-1" && back->origin && back->origin->line == 7,
            "a result is read back", line);
    require(back->succeeded == !got.error, "a result says whether it is an answer", line);
}

}  // namespace stagger::fuzz
