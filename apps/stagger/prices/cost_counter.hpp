#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "batch/transport.hpp"
#include "price_list.hpp"

namespace app {

/// What the answers of a run cost.
struct cost_counts {
    double cost = 0;
    std::size_t unpriced = 0;    ///< answers whose model is not listed, or whose tokens were not told
    std::string unlisted_model;  ///< the first that is not listed; may be empty
};

/** Adds up what answers cost that a transport brings: each once, with those that are asked for again.
 *
 * Prices are those of the model that was asked for, else of the one that the answer names. On the transport's
 * serial executor only.
 */
class cost_counter : public std::enable_shared_from_this<cost_counter> {
 public:
    /// @param usual_model of requests that name none
    cost_counter(price_list prices, std::string usual_model)
        : prices_(std::move(prices)), usual_model_(std::move(usual_model)) {}

    /// The same transport, whose answers are counted.
    stagger::batch::transport counted(stagger::batch::transport through);
    /// What counting one answer adds.
    void count(std::string_view asked_model, const stagger::completion& answer);
    const cost_counts& counts() const { return counts_; }
    /// Called with what each answer costs, before anything is done with it.
    void on_cost(std::function<void(double)> told) { on_cost_ = std::move(told); }

 private:
    price_list prices_;
    std::string usual_model_;
    cost_counts counts_;
    std::function<void(double)> on_cost_;
};

/// The model that a request asks for; empty where only the server knows.
std::string asked_model(const stagger::completion_request& request, const std::string& usual_model);

/// The model that an answer's body names; empty where it names none.
std::string answering_model(std::string_view body);

}  // namespace app
