#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cli/child.hpp"
#include "support/temporary_folder.hpp"

/// Starts a server that is told its port. Another program may be quicker to take it: then the next one is
/// tried.
unsigned short start_on_free_port(const std::function<void(unsigned short)>& start_and_await);

/// A program of Node.js.
child_setup node(std::vector<std::string> arguments);

/// False, and a message that makes ctest call the test skipped, where the npm servers could not be installed.
bool npm_servers_installed();
/// The same for nginx.
bool nginx_installed();

/// aimock, with aimock.json; it keeps a journal of what it was asked.
class aimock_server {
 public:
    aimock_server();

    std::string base_url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/v1"; }
    /// Every request so far, oldest first.
    boost::json::array journal() const;
    /// When each request with that prompt came, in milliseconds, oldest first.
    std::vector<std::int64_t> times_of(const std::string& prompt) const;

 private:
    std::unique_ptr<child> server_;
    unsigned short port_ = 0;
};

/// mock-llm, with mock_llm.yaml.
class mock_llm_server {
 public:
    mock_llm_server();

    std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
    std::unique_ptr<child> server_;
    unsigned short port_ = 0;
};

/// How nginx limits what it admits, as directives.
struct nginx_limit {
    std::string zone;       ///< of the http block
    std::string rule;       ///< of the location
    std::string refusal;    ///< of the location that answers 429; empty: nginx's own page
    std::string pace = {};  ///< of the model behind the limit; empty: it answers at once
};

/// nginx before an API.
class nginx_server {
 public:
    explicit nginx_server(const nginx_limit& limit);

    std::string base_url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/v1"; }
    /// Ends it; how often it answered with each status, and its limit with PASSED or REJECTED, as its log has
    /// it.
    std::map<std::string, std::size_t> answers();

 private:
    temporary_folder folder_;
    std::unique_ptr<child> server_;
    unsigned short port_ = 0;
};

/// What `stagger batch` wrote, by id.
std::map<std::string, boost::json::object> results_by_id(const std::string& results);
