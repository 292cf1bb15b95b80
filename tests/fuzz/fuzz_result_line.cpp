#include "batch/batch_line.hpp"
#include "fuzz/fuzz_input.hpp"
#include "fuzz/property.hpp"
#include "fuzz/targets.hpp"

// A line of results is read for what resuming needs, and whatever is written is read back.

namespace stagger::fuzz {
namespace {

void read_any(std::string_view line) {
    if (const auto read = wire::parse_result_line(line))
        require(!wire::invalid_utf8_at(read->custom_id), "an id is UTF-8");
}

void write_and_read(fuzz_input& input) {
    const std::string id(input.take(input.byte() % 32));
    completion failed;
    failed.info.http_status = input.byte() * 3u;
    failed.info.message = std::string(input.take(input.byte()));
    failed.info.request_id = std::string(input.take(input.byte() % 16));
    failed.info.queued = duration(static_cast<std::int64_t>(input.whole(8)));
    failed.info.served = duration(static_cast<std::int64_t>(input.whole(8)));
    const wire::result_origin origin{input.byte() + std::size_t{1}, input.whole(8), input.whole(8)};
    failed.raw = std::string(input.rest());
    // What is handed over is UTF-8: the reader of prompts and the decoder see to that.
    for (const std::string_view each : {std::string_view(id), std::string_view(failed.info.message),
                                        std::string_view(failed.info.request_id)}) {
        if (wire::invalid_utf8_at(each)) return;
    }
    const std::string line = wire::format_result_line(id, errc::malformed_answer, failed, origin);
    require(line.find('\n') == line.npos, "a result is one line", line);
    const auto back = wire::parse_result_line(line);
    require(back && back->custom_id == id && !back->succeeded, "a result is read back", line);
    require(back->origin && back->origin->line == origin.line &&
                back->origin->line_hash == origin.line_hash && back->origin->parameters == origin.parameters,
            "an origin is read back", line);
}

}  // namespace

void fuzz_result_line(std::string_view bytes) {
    fuzz_input input(bytes);
    (input.byte() & 1) != 0 ? read_any(input.rest()) : write_and_read(input);
}

}  // namespace stagger::fuzz
