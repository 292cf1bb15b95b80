#include "cli/servers.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

#include "support/loopback.hpp"

throttled_server::throttled_server(const std::string& limits, const std::string& latency,
                                   const std::string& key, const std::vector<std::string>& options) {
    const auto scenario = folder_.write("scenario.json", R"({"provider":{"limits":)" + limits +
                                                             R"(,"latency":)" + latency + R"(,"rtt_s":0}})");
    child_setup setup{THROTTLED_SERVER, {"--port", "0", "--scenario", scenario}};
    if (!key.empty()) {
        setup.arguments.insert(setup.arguments.end(), {"--api-key-file", folder_.write("key", key)});
    }
    setup.arguments.insert(setup.arguments.end(), options.begin(), options.end());
    server_ = std::make_unique<child>(setup);
    server_->await_output("\n");
    const auto& said = server_->output();
    const auto colon = said.rfind(':');
    port_ = said.substr(colon + 1, said.find('\n') - colon - 1);
}

std::size_t throttled_server::stat(const std::string& name) const {
    const auto stats = http_get(static_cast<unsigned short>(std::stoul(port_)), "/stats");
    const auto at = stats.find("\"" + name + "\"");
    if (at == std::string::npos) throw std::runtime_error("no " + name + " in " + stats);
    return std::stoul(stats.substr(stats.find_first_of("0123456789", at + name.size() + 2)));
}

scripted_server::scripted_server(std::vector<stagger::test::scripted_peer::script> scripts,
                                 std::shared_ptr<boost::asio::ssl::context> tls)
    : peer_(std::make_unique<stagger::test::scripted_peer>(context_, std::move(scripts), std::move(tls))),
      url_(peer_->base_url()),
      thread_([this] { context_.run(); }) {}

scripted_server::~scripted_server() {
    stop();
}

void scripted_server::stop() {
    context_.stop();
    if (thread_.joinable()) thread_.join();
}

std::vector<std::string> scripted_server::requests() {
    stop();
    return peer_->requests();
}

silent_server::silent_server() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    auto address = loopback_address(0);
    socklen_t size = sizeof address;
    if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
        ::listen(listener_, 16) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        throw std::runtime_error("cannot listen");
    }
    port_ = ntohs(address.sin_port);
}

silent_server::~silent_server() {
    ::close(listener_);
    if (connection_ >= 0) ::close(connection_);
}

std::string silent_server::base_url() const {
    return "http://127.0.0.1:" + std::to_string(port_) + "/v1";
}

void silent_server::await_request() {
    connection_ = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    std::string request;
    std::array<char, 4096> block{};
    while (request.find("}]}") == std::string::npos && request.find("\r\n\r\n{") == std::string::npos) {
        const auto got = ::recv(connection_, block.data(), block.size(), 0);
        if (got <= 0) throw std::runtime_error("no request came");
        request.append(block.data(), static_cast<std::size_t>(got));
    }
}
