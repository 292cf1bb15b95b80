#include "load/token_lengths.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "json/json_writer.hpp"
#include "provider/draw.hpp"

namespace stagger::load {

namespace {

constexpr double highest_sigma = 5;

template <class Number>
std::optional<Number> whole_text(std::string_view text) {
    Number value{};
    const auto* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, value);
    if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
    return value;
}

std::optional<unsigned> tokens(std::string_view text) {
    const auto count = whole_text<unsigned>(text);
    return count && *count >= 1 && *count <= token_lengths::most ? count : std::nullopt;
}

}  // namespace

std::optional<token_lengths> token_lengths::parse(std::string_view text) {
    constexpr std::string_view prefix = "lognormal:";
    if (text.starts_with(prefix)) {
        text.remove_prefix(prefix.size());
        const auto colon = text.find(':');
        if (colon == std::string_view::npos) return std::nullopt;
        const auto median = tokens(text.substr(0, colon));
        const auto sigma = whole_text<double>(text.substr(colon + 1));
        if (!median || !sigma || !(*sigma >= 0 && *sigma <= highest_sigma)) return std::nullopt;
        return token_lengths(kind::lognormal, *median, *median, *sigma);
    }
    const auto dash = text.find('-');
    if (dash == std::string_view::npos) {
        const auto count = tokens(text);
        return count ? std::optional(always(*count)) : std::nullopt;
    }
    const auto low = tokens(text.substr(0, dash));
    const auto high = tokens(text.substr(dash + 1));
    if (!low || !high || *low > *high) return std::nullopt;
    return token_lengths(kind::evenly, *low, *high, 0);
}

unsigned token_lengths::draw(random_source& random) const {
    switch (kind_) {
        case kind::evenly:
            return low_ + static_cast<unsigned>(random.uniform() * (high_ - low_ + 1));
        case kind::lognormal: {
            const double mean = low_ * std::exp(sigma_ * sigma_ / 2);
            const double count = provider::draw(provider::distribution::lognormal, mean, sigma_, random);
            return static_cast<unsigned>(std::lround(std::clamp(count, 1.0, static_cast<double>(most))));
        }
        case kind::always:
            break;
    }
    return low_;
}

std::string token_lengths::text() const {
    switch (kind_) {
        case kind::evenly:
            return std::to_string(low_) + '-' + std::to_string(high_);
        case kind::lognormal: {
            std::string text = "lognormal:" + std::to_string(low_) + ':';
            wire::append_json_number(text, sigma_);
            return text;
        }
        case kind::always:
            break;
    }
    return std::to_string(low_);
}

}  // namespace stagger::load
