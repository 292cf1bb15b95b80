#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "stagger/token_usage.hpp"

namespace app {

/// What one token costs, in the currency of the list.
struct token_prices {
    double prompt = 0;
    double completion = 0;
    double cached = 0;  ///< of a prompt's, one that was read from a cache

    /// What tokens cost; nothing where the server told no numbers.
    std::optional<double> cost_of(const stagger::token_usage& usage) const;
};

/** @brief Prices by model, as litellm's `model_prices_and_context_window.json` has them: an object of models,
 * whose `input_cost_per_token`, `output_cost_per_token` and `cache_read_input_token_cost` are read. The
 * second is 0 where it is missing (embeddings), the third that of any other prompt token. A model without the
 * first is passed over, and so is every other member.
 */
class price_list {
 public:
    /// Knows no model.
    price_list() = default;
    /// @param name of the file, for messages
    /// @throws failure wrong_usage naming file, model and member
    price_list(std::string_view json, const std::string& name);

    /// Null where the model is listed neither as it is named nor without the provider in front of it
    /// ("openai/gpt-4o").
    const token_prices* find(std::string_view model) const;
    bool empty() const { return prices_.empty(); }

 private:
    std::map<std::string, token_prices, std::less<>> prices_;
};

/// @throws failure file_failed, or wrong_usage as `price_list` does
price_list read_price_list(const std::string& path);

/// Six digits of it, never with an exponent: "0.00000735", "12.5". Less than a trillionth is 0.
std::string cost_text(double cost);

}  // namespace app
