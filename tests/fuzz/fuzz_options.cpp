#include <cmath>
#include <stdexcept>

#include "base/visible_text.hpp"
#include "fuzz/property.hpp"
#include "fuzz/targets.hpp"
#include "http/endpoint.hpp"
#include "sending/probing_text.hpp"
#include "terminal/duration_text.hpp"
#include "terminal/markup_text.hpp"

// Values of options, and how text that is repeated is shown.

namespace stagger::fuzz {
namespace {

void read_base_url(std::string_view text) {
    try {
        const endpoint target = parse_endpoint(text);
        require(!target.host.empty() && !target.port.empty(), "an endpoint has a host and a port");
        require_readable(target.authority);
        require_readable(target.base_path);
        require(target.authority.find_first_of(" \t@") == std::string::npos, "a host is one word");
    } catch (const std::invalid_argument& wrong) {
        require(std::string_view(wrong.what()).starts_with("base_url: "), "a refusal names the option");
    }
}

}  // namespace

void fuzz_options(std::string_view text) {
    if (const auto span = app::parse_duration(text)) {
        require(*span >= duration::zero(), "a duration is not negative");
        app::format_clock(*span);
        app::span_text(*span);
    }
    if (const auto share = app::parse_probing(text))
        require(*share >= 0 && *share <= 0.2, "a share keeps its bounds");
    read_base_url(text);
    const std::string markup = app::markup_text(text);
    require(markup.find_first_of("<>\"'") == std::string::npos, "markup has no tag and no quote", markup);
    require_readable(markup);
    require_readable(visible_line(text).find('\t') == std::string::npos ? visible_line(text) : "");
    require(visible_text(visible_text(text)) == visible_text(text), "what is visible stays as it is");
}

}  // namespace stagger::fuzz
