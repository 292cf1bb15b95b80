#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/child.hpp"

/// A redis-server, or a valkey-server, of a test's own: on a port that was free, keeping nothing.
class redis_server {
 public:
    /// Whether the machine has one.
    static bool is_installed();

    explicit redis_server(std::vector<std::string> options = {});

    unsigned short port() const { return port_; }
    std::string url() const { return "redis://127.0.0.1:" + std::to_string(port_); }
    void kill();
    /// On the same port, empty.
    void start_again();
    /// What it answers to a command that is written in a line, without its first byte and line end.
    std::string ask(const std::string& line) const;

 private:
    bool start();

    std::vector<std::string> options_;
    unsigned short port_ = 0;
    std::unique_ptr<child> server_;
};
