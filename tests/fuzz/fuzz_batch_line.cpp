#include <cmath>
#include <optional>

#include "batch/batch_line.hpp"
#include "dialect/dialect.hpp"
#include "fuzz/chosen_dialect.hpp"
#include "fuzz/fuzz_input.hpp"
#include "fuzz/property.hpp"
#include "fuzz/targets.hpp"
#include "json/json_text.hpp"

// A line of a prompt list becomes a request that is well formed, or an error result that can be read back.

namespace stagger::fuzz {
namespace {

constexpr wire::result_origin origin{3, 1, 2};

void require_graphic(std::string_view text, bool blanks) {
    for (const unsigned char each : text)
        require(each < 0x7f && (blanks ? each >= 0x20 : each > 0x20), "a head has graphic characters only",
                text);
}

void encode_every_way(const completion_request& request, dialect target) {
    for (const wire::delivery how : {wire::delivery::whole, wire::delivery::streamed}) {
        for (const char* model : {"", "m\"odel &x"}) {
            wire::encoding_context context;
            context.dialect = target;
            context.base_path = "/v1";
            context.model = model;
            context.api_key = "sk-secret-abcdef123456";
            error_code error;
            std::string problem;
            const wire::encoded_request made = wire::encode(request, context, error, problem, how);
            if (error) {
                require(!problem.empty(), "a refusal says why");
                continue;
            }
            const auto wrong = wire::json_problem(made.body);
            require(!wrong, "the body is JSON", made.body);
            require(!wire::invalid_utf8_at(made.body), "the body is UTF-8", made.body);
            require_graphic(made.target, false);
            for (const wire::field& each : made.fields) require_graphic(each.value, true);
        }
    }
}

}  // namespace

void fuzz_batch_line(std::string_view bytes) {
    fuzz_input input(bytes);
    const std::uint8_t choices = input.byte();
    const auto target = dialect_by(choices);
    const auto format = (choices & 0x20) != 0 ? wire::prompt_format::text : wire::prompt_format::jsonl;
    std::optional<wire::prompt_template> form;
    try {
        if ((choices & 0x10) != 0) form.emplace(input.line());
    } catch (const std::invalid_argument&) {
        return;
    }
    try {
        wire::line_reading how;
        if (form) how.form = &*form;
        const wire::batch_item item = wire::parse_batch_line(input.rest(), format, origin.line, target, how);
        require(!item.custom_id.empty(), "every prompt has an id");
        const cost expected = wire::cost_of(item.request, target);
        require(std::isfinite(expected.tokens) && expected.tokens >= 0, "a cost is a number");
        encode_every_way(item.request, target);
        completion answered;
        answered.raw = "{}";
        answered.info.http_status = 200;
        const auto back =
            wire::parse_result_line(wire::format_result_line(item.custom_id, {}, answered, origin));
        require(back && back->succeeded && back->custom_id == item.custom_id, "a result is read back");
    } catch (const wire::batch_line_error& wrong) {
        const std::string line = wire::format_input_error_line(wrong.custom_id(), wrong.what(), origin);
        require(!wire::invalid_utf8_at(line), "an error result is UTF-8", line);
        const auto back = wire::parse_result_line(line);
        require(back && !back->succeeded, "an error result is read back", line);
    }
}

}  // namespace stagger::fuzz
