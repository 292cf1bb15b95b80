#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "stagger/coordinator_options.hpp"
#include "stagger/dialect.hpp"
#include "stagger/gate.hpp"

namespace stagger {

/** @brief One way for a client's requests: an endpoint, an account and a model there, with a limit of its
 * own.
 *
 * Setters chain. What a route does not say, the client's options say.
 */
class route {
 public:
    /// @param base_url as client_options::base_url has it
    explicit route(std::string base_url) : base_url_(std::move(base_url)) {}

    /// What diagnostics, logs and `client::route_states` call it. Default: its base URL.
    route& name(std::string value) { return name_ = std::move(value), *this; }
    /// Default: the client's.
    route& api_key(std::string key) { return api_key_ = std::move(key), *this; }
    /// The model's name there, sent instead of what a request names. Default: what the request or the client
    /// names.
    route& model(std::string value) { return model_ = std::move(value), *this; }
    /// Default: the client's.
    route& dialect(stagger::dialect value) { return dialect_ = value, *this; }
    /// Sent beside the client's; may be called for several.
    route& header(std::string field, std::string value) {
        return headers_.emplace_back(std::move(field), std::move(value)), *this;
    }
    /// As client_options::proxy has it; empty: none, whatever the client has. Default: the client's.
    route& proxy(std::string url) { return proxy_ = std::move(url), *this; }
    /// As client_options::unix_socket has it, in the place of a proxy. Default: the client's.
    route& unix_socket(std::string path) { return unix_socket_ = std::move(path), *this; }
    /// The gate of the route's own. Default: one that measures the limit.
    route& limits(coordinator_options options) { return limits_ = std::move(options), *this; }
    /// A gate that it shares with others, such as those of the same account; in the place of `limits`.
    route& gate(stagger::gate shared) { return gate_ = std::move(shared), *this; }
    /// Requests go there only while no route of a lower tier is good and open. Default 0.
    route& tier(unsigned value) { return tier_ = value, *this; }
    /// > 0: a request that has waited so long for this route's tier may go to the next one. Default
    /// `duration::max()`: it waits for as long as its tier is good and open.
    route& fallback_after(duration value) { return fallback_after_ = value, *this; }
    /// > 0: what it gets of requests that several routes would answer equally soon. Default 1.
    route& weight(double value) { return weight_ = value, *this; }

    const std::string& base_url() const { return base_url_; }
    const std::string& name() const { return name_.empty() ? base_url_ : name_; }
    const std::optional<std::string>& api_key() const { return api_key_; }
    const std::string& model() const { return model_; }
    const std::optional<stagger::dialect>& dialect() const { return dialect_; }
    const std::vector<std::pair<std::string, std::string>>& headers() const { return headers_; }
    const std::optional<std::string>& proxy() const { return proxy_; }
    const std::optional<std::string>& unix_socket() const { return unix_socket_; }
    const coordinator_options& limits() const { return limits_; }
    const std::optional<stagger::gate>& gate() const { return gate_; }
    unsigned tier() const { return tier_; }
    double weight() const { return weight_; }
    duration fallback_after() const { return fallback_after_; }

 private:
    std::string base_url_;
    std::string name_;
    std::optional<std::string> api_key_;
    std::string model_;
    std::optional<stagger::dialect> dialect_;
    std::vector<std::pair<std::string, std::string>> headers_;
    std::optional<std::string> proxy_;
    std::optional<std::string> unix_socket_;
    coordinator_options limits_;
    std::optional<stagger::gate> gate_;
    unsigned tier_ = 0;
    double weight_ = 1;
    duration fallback_after_ = duration::max();
};

/// The routes of one client, from 1 to 64: `stagger::client llm(executor, stagger::routes(a, b))`.
class routes {
 public:
    /// @throws std::invalid_argument for none and for too many
    explicit routes(std::vector<route> all);
    template <class... More>
    requires(std::is_same_v<route, std::remove_cvref_t<More>>&&...) explicit routes(route first, More... more)
        : routes(std::vector<route>{std::move(first), more...}) {}

    const std::vector<route>& all() const { return all_; }

 private:
    std::vector<route> all_;
};

/// What is thought of a route.
enum class route_condition : std::uint8_t {
    good,
    slow,      ///< its answers no longer come in the time that they took: asked now and then whether they do
    down,      ///< its attempts fail: asked now and then by one
    unusable,  ///< its key, quota or path is of no use
};

std::string_view to_string(route_condition condition);

/// A view of one route, for progress displays and logs.
struct route_state {
    std::string name;
    route_condition condition = route_condition::good;
    std::uint64_t attempts = 0;  ///< that were sent there
    coordinator_status gate;
};

}  // namespace stagger
