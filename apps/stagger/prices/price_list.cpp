#include "price_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <cmath>

#include "cli/exit_code.hpp"
#include "cli/text_file.hpp"

namespace app {
namespace {

namespace json = boost::json;

constexpr auto prompt_member = "input_cost_per_token";
constexpr auto completion_member = "output_cost_per_token";
constexpr auto cached_member = "cache_read_input_token_cost";

[[noreturn]] void refuse_prices(const std::string& name, const std::string& problem) {
    throw failure(exit_code::wrong_usage, name + ": " + problem);
}

/// A price, where the member is there and not null.
std::optional<double> price_in(const json::object& entry, std::string_view member, const std::string& name,
                               std::string_view model) {
    const auto* value = entry.if_contains(member);
    if (value == nullptr || value->is_null()) return std::nullopt;
    json::error_code wrong;
    const double price = value->to_number<double>(wrong);
    if (wrong || !std::isfinite(price) || price < 0)
        refuse_prices(name, fmt::format("{}: {}: must be a number from 0", model, member));
    return price;
}

}  // namespace

std::optional<double> token_prices::cost_of(const stagger::token_usage& usage) const {
    if (!usage.prompt_tokens && !usage.completion_tokens) return std::nullopt;
    const auto all = static_cast<double>(usage.prompt_tokens.value_or(0));
    const auto from_cache = std::min(static_cast<double>(usage.cached_tokens.value_or(0)), all);
    return (all - from_cache) * prompt + from_cache * cached +
           static_cast<double>(usage.completion_tokens.value_or(0)) * completion;
}

price_list::price_list(std::string_view text, const std::string& name) {
    json::error_code wrong;
    const auto read = json::parse(text, wrong);
    if (wrong || !read.is_object()) refuse_prices(name, "must be a JSON object of models");
    for (const auto& [model, entry] : read.get_object()) {
        const auto* members = entry.if_object();
        if (members == nullptr) refuse_prices(name, std::string(model) + ": must be an object of prices");
        const auto prompt = price_in(*members, prompt_member, name, model);
        if (!prompt) continue;
        token_prices prices;
        prices.prompt = *prompt;
        prices.completion = price_in(*members, completion_member, name, model).value_or(0);
        prices.cached = price_in(*members, cached_member, name, model).value_or(*prompt);
        prices_.emplace(model, prices);
    }
    if (prices_.empty()) refuse_prices(name, std::string("no model in it has ") + prompt_member);
}

const token_prices* price_list::find(std::string_view model) const {
    auto found = prices_.find(model);
    const auto slash = model.rfind('/');
    if (found == prices_.end() && slash != std::string_view::npos)
        found = prices_.find(model.substr(slash + 1));
    return found == prices_.end() ? nullptr : &found->second;
}

price_list read_price_list(const std::string& path) {
    return {read_text_file(path), path};
}

std::string cost_text(double cost) {
    constexpr int digits = 6;
    constexpr int most_decimals = 12;
    if (!(cost > 0)) return "0";
    const int before_point = static_cast<int>(std::floor(std::log10(cost))) + 1;
    auto text = fmt::format("{:.{}f}", cost, std::clamp(digits - before_point, 0, most_decimals));
    if (text.find('.') == std::string::npos) return text;
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
    return text;
}

}  // namespace app
