#include "cli/redis_server.hpp"

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

#include "support/loopback.hpp"

namespace {

std::string program() {
    for (const char* each : {"/usr/bin/redis-server", "/usr/bin/valkey-server"}) {
        if (::access(each, X_OK) == 0) return each;
    }
    return {};
}

}  // namespace

bool redis_server::is_installed() {
    return !program().empty();
}

redis_server::redis_server(std::vector<std::string> options) : options_(std::move(options)) {
    constexpr int tries = 10;  // somebody else may take the port first
    for (int each = 0; each < tries; ++each) {
        port_ = free_port();
        if (start()) return;
    }
    throw std::runtime_error("no redis-server could be started");
}

bool redis_server::start() {
    child_setup setup{program(),
                      {"--port", std::to_string(port_), "--bind", "127.0.0.1", "--save", "", "--appendonly",
                       "no", "--daemonize", "no", "--logfile", ""}};
    setup.arguments.insert(setup.arguments.end(), options_.begin(), options_.end());
    server_ = std::make_unique<child>(setup);
    server_->await([this] {
        const std::string& said = server_->output();
        return said.find("eady to accept connections") != std::string::npos ||
               said.find("Failed listening") != std::string::npos;
    });
    return server_->output().find("eady to accept connections") != std::string::npos;
}

void redis_server::kill() {
    server_->signal(SIGKILL);
    server_->wait();
}

void redis_server::start_again() {
    if (!start()) throw std::runtime_error("the port of the redis-server was taken");
}

std::string redis_server::ask(const std::string& line) const {
    const int one = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto address = loopback_address(port_);
    std::string text;
    if (::connect(one, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
        const std::string all = line + "\r\nQUIT\r\n";
        (void)::send(one, all.data(), all.size(), MSG_NOSIGNAL);
        std::array<char, 4096> block{};
        for (;;) {
            const auto got = ::recv(one, block.data(), block.size(), 0);
            if (got <= 0) break;
            text.append(block.data(), static_cast<std::size_t>(got));
        }
    }
    ::close(one);
    return text;
}
