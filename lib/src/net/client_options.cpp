#include <sys/un.h>

#include <boost/asio/ip/address.hpp>
#include <stdexcept>
#include <utility>

#include "http/proxy_address.hpp"
#include "stagger/client.hpp"

// Setters only store: an option may depend on another one, so the client checks all of them when it is made.
namespace stagger {

client_options& client_options::base_url(std::string url) {
    base_url_ = std::move(url);
    return *this;
}
client_options& client_options::api_key(std::string key) {
    api_key_ = std::move(key);
    return *this;
}
client_options& client_options::model(std::string name) {
    model_ = std::move(name);
    return *this;
}
client_options& client_options::dialect(stagger::dialect value) {
    dialect_ = value;
    return *this;
}
client_options& client_options::retry(retry_policy policy) {
    retry_ = std::move(policy);
    return *this;
}
client_options& client_options::give_up_after(unsigned tries, duration over) {
    give_up_after_tries_ = tries;
    give_up_after_time_ = over;
    return *this;
}
client_options& client_options::backoff(backoff_policy policy) {
    backoff_ = std::move(policy);
    return *this;
}
client_options& client_options::backoff_after_rejection(bool yes) {
    backoff_after_rejection_ = yes;
    return *this;
}
client_options& client_options::obey_retry_after(bool yes) {
    obey_retry_after_ = yes;
    return *this;
}
client_options& client_options::stream_idle_timeout(duration limit) {
    stream_idle_timeout_ = limit;
    return *this;
}

client_options& client_options::attempt_timeout(duration limit) {
    attempt_timeout_ = limit;
    return *this;
}
client_options& client_options::resolve_timeout(duration limit) {
    resolve_timeout_ = limit;
    return *this;
}
client_options& client_options::connect_timeout(duration limit) {
    connect_timeout_ = limit;
    return *this;
}
client_options& client_options::handshake_timeout(duration limit) {
    handshake_timeout_ = limit;
    return *this;
}
client_options& client_options::send_timeout(duration limit) {
    send_timeout_ = limit;
    return *this;
}
client_options& client_options::deadline(duration limit) {
    deadline_ = limit;
    return *this;
}
client_options& client_options::keep_alive(duration longest) {
    keep_alive_ = longest;
    return *this;
}
client_options& client_options::max_connections(unsigned count) {
    max_connections_ = count;
    return *this;
}
client_options& client_options::ca_file(std::string path) {
    ca_file_ = std::move(path);
    return *this;
}
client_options& client_options::ca_only(bool yes) {
    ca_only_ = yes;
    return *this;
}
client_options& client_options::client_certificate(std::string certificate_file, std::string key_file) {
    client_certificate_file_ = std::move(certificate_file);
    client_key_file_ = std::move(key_file);
    return *this;
}
client_options& client_options::proxy(std::string url) {
    proxy_ = std::move(url);
    return *this;
}
client_options& client_options::no_proxy(std::string hosts) {
    no_proxy_ = std::move(hosts);
    return *this;
}
client_options& client_options::unix_socket(std::string path) {
    unix_socket_ = std::move(path);
    return *this;
}
client_options& client_options::resolve(std::string host, std::uint16_t port, std::string address) {
    resolved_hosts_.push_back({std::move(host), port, std::move(address)});
    return *this;
}
client_options& client_options::header(std::string name, std::string value) {
    headers_.emplace_back(std::move(name), std::move(value));
    return *this;
}
client_options& client_options::max_header_bytes(std::size_t count) {
    max_header_bytes_ = count;
    return *this;
}
client_options& client_options::max_event_bytes(std::size_t count) {
    max_event_bytes_ = count;
    return *this;
}

client_options& client_options::max_body_bytes(std::size_t count) {
    max_body_bytes_ = count;
    return *this;
}
client_options& client_options::max_bodies_bytes(std::size_t count) {
    max_bodies_bytes_ = count;
    return *this;
}
client_options& client_options::single_threaded(bool yes) {
    single_threaded_ = yes;
    return *this;
}
client_options& client_options::jitter_seed(std::uint64_t seed) {
    jitter_seed_ = seed;
    return *this;
}
client_options& client_options::observer(std::shared_ptr<attempt_observer> told) {
    observer_ = std::move(told);
    return *this;
}

client_options& client_options::fleet(fleet_options shared) {
    fleet_ = std::move(shared);
    return *this;
}

namespace {

void require_positive(const char* name, duration value) {
    if (value > duration::zero()) return;
    throw std::invalid_argument(std::string(name) + ": must be > 0, is " + std::to_string(to_seconds(value)) +
                                " s");
}

void require_not_negative(const char* name, duration value) {
    if (value >= duration::zero()) return;
    throw std::invalid_argument(std::string(name) + ": must be >= 0, is " +
                                std::to_string(to_seconds(value)) + " s");
}

void require_bound(const char* name, std::size_t value) {
    constexpr std::size_t smallest = 1024;                 // less would refuse ordinary answers
    constexpr std::size_t largest = std::size_t{1} << 31;  // what the parser can count
    if (value >= smallest && value <= largest) return;
    throw std::invalid_argument(std::string(name) + ": must be within 1024..2147483648, is " +
                                std::to_string(value));
}

// A client's requests run side by side and end with an error code: what is made for one call that throws
// would be without effect.
void require_usable(const retry_policy& policy) {
    if (policy.has_fallback()) throw std::invalid_argument("retry: a fallback is for async_retry only");
    if (!policy.reraise()) throw std::invalid_argument("retry: reraise(false) is for async_retry only");
    if (policy.statistics()) {
        throw std::invalid_argument(
            "retry: statistics are for one async_retry at a time; completion::info has those of a request");
    }
}

void require_usable(const client_options& options) {
    if (!options.proxy().empty()) static_cast<void>(parse_proxy(options.proxy()));
    if (!options.proxy().empty() && !options.unix_socket().empty())
        throw std::invalid_argument("unix_socket: must not come with proxy, is \"" + options.unix_socket() +
                                    "\"");
    constexpr std::size_t longest_path = sizeof(sockaddr_un::sun_path) - 1;
    if (options.unix_socket().size() > longest_path)
        throw std::invalid_argument("unix_socket: must have at most " + std::to_string(longest_path) +
                                    " bytes, is \"" + options.unix_socket() + "\"");
    for (const auto& [host, port, address] : options.resolved_hosts()) {
        error_code unreadable;
        boost::asio::ip::make_address(address, unreadable);
        if (host.empty() || port == 0 || unreadable)
            throw std::invalid_argument(
                std::string("resolve: must be a host, a port from 1 and an IP address, is ")
                    .append(host + ", ")
                    .append(std::to_string(port) + ", ")
                    .append(address));
    }
}

}  // namespace

void client_options::validate() const {
    require_positive("attempt_timeout", attempt_timeout_);
    require_positive("stream_idle_timeout", stream_idle_timeout_);
    require_positive("resolve_timeout", resolve_timeout_);
    require_positive("connect_timeout", connect_timeout_);
    require_positive("handshake_timeout", handshake_timeout_);
    require_positive("send_timeout", send_timeout_);
    require_not_negative("give_up_after", give_up_after_time_);
    require_not_negative("deadline", deadline());
    require_not_negative("keep_alive", keep_alive_);
    require_bound("max_header_bytes", max_header_bytes_);
    require_bound("max_body_bytes", max_body_bytes_);
    require_bound("max_event_bytes", max_event_bytes_);
    if (max_bodies_bytes_ != 0 && max_bodies_bytes_ < max_body_bytes_) {
        throw std::invalid_argument("max_bodies_bytes: must be 0 or from max_body_bytes (" +
                                    std::to_string(max_body_bytes_) + "), is " +
                                    std::to_string(max_bodies_bytes_));
    }
    if (fleet_) fleet_->validate();
    require_usable(retry_);
    require_usable(*this);
    if (ca_only_ && ca_file_.empty())
        throw std::invalid_argument("ca_only: must come with ca_file, the only authorities to trust");
    if (client_certificate_file_.empty() != client_key_file_.empty())
        throw std::invalid_argument("client_certificate: must name a certificate and its key, one is empty");
    for (const unsigned char c : api_key_) {
        // The value is not repeated: it is a secret.
        if (c < 33 || c > 126)
            throw std::invalid_argument("api_key: must consist of printable ASCII without spaces");
    }
}

}  // namespace stagger
