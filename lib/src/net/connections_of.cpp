#include "net/connections_of.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>
#include <limits>
#include <utility>

#include "base/decimal.hpp"
#include "http/proxy_choice.hpp"
#include "http/tls_context.hpp"

namespace stagger::detail {

namespace asio = boost::asio;

namespace {

std::size_t bytes_of_all(const client_options& options) {
    if (options.max_bodies_bytes() != 0) return options.max_bodies_bytes();
    constexpr std::size_t large_answers = 4;
    constexpr auto most = std::numeric_limits<std::size_t>::max();
    return options.max_body_bytes() > most / large_answers ? most : large_answers * options.max_body_bytes();
}

std::shared_ptr<asio::ssl::context> tls_with(const tls_files& files) {
    return std::make_shared<asio::ssl::context>(make_tls_context(files));
}

/// What is connected to: the server, its stand-in of the Unix domain, or the proxy before it.
std::shared_ptr<name_lookup> names_of(const client_options& options, const connection_settings& settings,
                                      const io_executor& strand) {
    if (!settings.unix_socket.empty()) {
        const asio::local::stream_protocol::endpoint path(settings.unix_socket);
        return std::make_shared<name_lookup>(strand, name_lookup::addresses{path});
    }
    const endpoint& next = settings.proxy ? settings.proxy->at : settings.target;
    name_lookup::addresses told;
    for (const auto& [host, port, address] : options.resolved_hosts()) {
        if (wire::equal_ignoring_case(host, next.host) && std::to_string(port) == next.port)
            told.push_back(asio::ip::tcp::endpoint(asio::ip::make_address(address), port));
    }
    if (!told.empty()) return std::make_shared<name_lookup>(strand, std::move(told));
    return std::make_shared<name_lookup>(strand, next.host, next.port);
}

}  // namespace

std::shared_ptr<const proxy_address> proxy_of(const client_options& options, const endpoint& target) {
    if (options.proxy().empty() || is_excepted_from_proxy(options.no_proxy(), target)) return nullptr;
    return std::make_shared<proxy_address>(parse_proxy(options.proxy()));
}

std::shared_ptr<const proxy_address> forwarder_of(const client_options& options, const endpoint& target) {
    return target.tls ? nullptr : proxy_of(options, target);
}

std::shared_ptr<const connection_settings> connections_of(const client_options& options,
                                                          const endpoint& target, const io_executor& strand,
                                                          std::shared_ptr<answer_memory>& answers) {
    auto settings = std::make_shared<connection_settings>();
    settings->target = target;
    settings->resolve_timeout = options.resolve_timeout();
    settings->connect_timeout = options.connect_timeout();
    settings->handshake_timeout = options.handshake_timeout();
    settings->send_timeout = options.send_timeout();
    settings->max_header_bytes = options.max_header_bytes();
    settings->max_body_bytes = options.max_body_bytes();
    settings->unix_socket = options.unix_socket();
    if (target.tls)
        settings->tls = tls_with({options.ca_file(), options.ca_only(), options.client_certificate_file(),
                                  options.client_key_file()});
    settings->proxy = proxy_of(options, target);
    // The certificate is for the server: the proxy is shown none.
    if (settings->proxy && settings->proxy->at.tls)
        settings->proxy_tls = tls_with({options.ca_file(), options.ca_only(), {}, {}});
    settings->names = names_of(options, *settings, strand);
    settings->deadlines = std::make_shared<deadline_queue>(strand);
    if (!answers) {
        answers = std::make_shared<answer_memory>(settings->deadlines, bytes_of_all(options),
                                                  options.max_body_bytes());
    }
    settings->memory = answers;
    return settings;
}

}  // namespace stagger::detail
