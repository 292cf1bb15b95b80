#include "net/connections_of.hpp"

#include <boost/asio/ssl/context.hpp>
#include <limits>
#include <utility>

#include "http/tls_context.hpp"

namespace stagger::detail {

namespace {

std::size_t bytes_of_all(const client_options& options) {
    if (options.max_bodies_bytes() != 0) return options.max_bodies_bytes();
    constexpr std::size_t large_answers = 4;
    constexpr auto most = std::numeric_limits<std::size_t>::max();
    return options.max_body_bytes() > most / large_answers ? most : large_answers * options.max_body_bytes();
}

}  // namespace

std::shared_ptr<answer_memory> memory_of(const client_options& options, const io_executor& strand) {
    return std::make_shared<answer_memory>(std::make_shared<deadline_queue>(strand), bytes_of_all(options),
                                           options.max_body_bytes());
}

std::shared_ptr<const connection_settings> connections_of(const client_options& options,
                                                          const endpoint& target, const io_executor& strand,
                                                          std::shared_ptr<answer_memory> memory) {
    auto settings = std::make_shared<connection_settings>();
    settings->target = target;
    settings->resolve_timeout = options.resolve_timeout();
    settings->connect_timeout = options.connect_timeout();
    settings->handshake_timeout = options.handshake_timeout();
    settings->send_timeout = options.send_timeout();
    settings->max_header_bytes = options.max_header_bytes();
    settings->max_body_bytes = options.max_body_bytes();
    if (target.tls) {
        const tls_files files{options.ca_file(), options.ca_only(), options.client_certificate_file(),
                              options.client_key_file()};
        settings->tls = std::make_shared<boost::asio::ssl::context>(make_tls_context(files));
    }
    settings->names = std::make_shared<name_lookup>(strand, target.host, target.port);
    settings->deadlines = std::make_shared<deadline_queue>(strand);
    settings->memory = std::move(memory);
    return settings;
}

}  // namespace stagger::detail
