#include "net/route_target.hpp"

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>

#include "net/connections_of.hpp"

namespace stagger::detail {

namespace {

wire::encoding_context make_encoding(const client_options& options, const endpoint& target) {
    wire::encoding_context context;
    context.dialect = options.dialect();
    context.base_path = target.base_path;
    context.base_query = target.base_query;
    context.host = target.host;
    context.model = options.model();
    context.api_key = options.api_key();
    return context;
}

std::string shown_forwarder(const client_options& options, const endpoint& target) {
    const auto proxy = forwarder_of(options, target);
    return proxy ? proxy->shown : "";
}

constexpr std::string_view basic = "Basic ";

wire::secrets hidden_words(const client_options& options, const endpoint& target) {
    wire::secrets words = wire::secrets_of(options.api_key(), options.headers());
    if (!options.proxy().empty()) {
        const proxy_address proxy = parse_proxy(options.proxy());
        words.add(proxy.password);
        words.add(proxy.authorization.substr(std::min(proxy.authorization.size(), basic.size())));
    }
    words.add_query(target.base_query);
    return words;
}

/// Whoever sends the same key and the same fields is one account to the server.
std::size_t account_of(const client_options& options) {
    std::string all = options.api_key();
    for (const auto& [name, value] : options.headers())
        all.append("\n").append(name).append(":").append(value);
    return std::hash<std::string>()(all);
}

common_head head_of(const client_options& options, const endpoint& target,
                    const wire::encoding_context& encoding, wire::delivery how) {
    common_head head =
        make_common_head(target.authority, encoding, how, format_fixed_fields(options.headers()));
    if (const auto proxy = forwarder_of(options, target)) forward_by(*proxy, target, head);
    return head;
}

}  // namespace

route_target::route_target(std::string called, std::string own_model, const client_options& options,
                           stagger::gate admits, bool own, const boost::asio::any_io_executor& of_client,
                           const io_executor& strand, std::shared_ptr<answer_memory>& answers)
    : name(std::move(called)),
      model(std::move(own_model)),
      target(parse_endpoint(options.base_url())),
      forwarder(shown_forwarder(options, target)),
      encoding(make_encoding(options, target)),
      whole(head_of(options, target, encoding, wire::delivery::whole)),
      streamed(head_of(options, target, encoding, wire::delivery::streamed)),
      hidden(hidden_words(options, target)),
      account(account_of(options)),
      gate(std::move(admits)),
      gate_is_own(own),
      gate_is_elsewhere(gate.get_executor() != of_client || !gate.options().fleet_member().empty()),
      pool(strand, connections_of(options, target, strand, answers),
           options.max_connections() != 0 ? options.max_connections() : gate.options().max_in_flight(),
           options.keep_alive()) {}

}  // namespace stagger::detail
