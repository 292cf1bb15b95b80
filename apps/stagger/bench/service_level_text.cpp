#include "service_level_text.hpp"

#include <sstream>

#include "load/latency_histogram.hpp"
#include "terminal/duration_text.hpp"

namespace app {

std::optional<stagger::load::service_level> parse_service_level(const std::string& text) {
    stagger::load::service_level level;
    std::istringstream parts(text);
    for (std::string part; std::getline(parts, part, ',');) {
        const auto equals = part.find('=');
        if (equals == std::string::npos) return std::nullopt;
        const auto name = part.substr(0, equals);
        const auto limit = parse_duration(part.substr(equals + 1));
        if (!limit || *limit <= stagger::duration::zero()) return std::nullopt;
        auto* const into = name == "ttft" ? &level.first_token_ms : name == "e2e" ? &level.total_ms : nullptr;
        if (!into || *into) return std::nullopt;
        *into = stagger::load::milliseconds(*limit);
    }
    if (!level.first_token_ms && !level.total_ms) return std::nullopt;
    return level;
}

}  // namespace app
