#include "interop/other_servers.hpp"

#include <doctest/doctest.h>
#include <signal.h>

#include <boost/json/parse.hpp>
#include <filesystem>
#include <functional>
#include <sstream>
#include <stdexcept>

#include "support/loopback.hpp"

namespace {

const std::string aimock_program = NPM_SERVERS "/node_modules/@copilotkit/aimock/dist/cli.js";
const std::string mock_llm_program = NPM_SERVERS "/node_modules/@dwmkerr/mock-llm/dist/main.js";

std::string nginx_program() {
    for (const auto* path : {"/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx"}) {
        if (std::filesystem::exists(path)) return path;
    }
    return {};
}

boost::json::value parse_body(const std::string& answer) {
    return boost::json::parse(answer.substr(answer.find("\r\n\r\n") + 4));
}

// Relative paths are below nginx's prefix, the test's own folder. A location that returns is never limited,
// since that happens in an earlier phase: the limited one asks other servers, behind sockets.
std::string nginx_configuration(unsigned short port, const std::string& socket, const nginx_limit& limit) {
    const std::string answer =
        R"({"id":"chat-1","object":"chat.completion","choices":[{"index":0,"finish_reason":"stop",)"
        R"("message":{"role":"assistant","content":"from nginx"}}],)"
        R"("usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}})";
    const std::string forward =
        "proxy_http_version 1.1; proxy_set_header Connection \"\"; proxy_pass http://";
    std::ostringstream text;
    text << "daemon off; master_process off; pid nginx.pid;\n"
            "error_log stderr notice;\n"
            "events { worker_connections 512; }\n"
            "http {\n"
            "log_format verdict '$status $limit_req_status$limit_conn_status';\n"
            "access_log access.log verdict;\n"
            "client_body_temp_path a; proxy_temp_path b; fastcgi_temp_path c; uwsgi_temp_path d; "
            "scgi_temp_path e;\n"
            "default_type application/json; keepalive_requests 100000;\n"
            "limit_req_status 429; limit_conn_status 429;\n"
         << limit.zone << "\nupstream model { server unix:" << socket << "; keepalive 16; }\n"
         << "upstream paced_model { server unix:" << socket << "p; keepalive 16; }\n"
         << "server { listen unix:" << socket << "; access_log off; location / { return 200 '" << answer
         << "'; } }\n"
         << "server { listen unix:" << socket << "p; server_name paced; access_log off; location / { "
         << limit.pace << ' ' << forward << "model; } }\n"
         << "server { listen 127.0.0.1:" << port << " backlog=512; server_name api;\n";
    if (!limit.refusal.empty()) {
        text << "error_page 429 @refused; location @refused { " << limit.refusal << " }\n";
    }
    text << "location / { " << limit.rule << ' ' << forward << "paced_model; }\n} }\n";
    return text.str();
}

}  // namespace

child_setup node(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "node");
    return {"/usr/bin/env", std::move(arguments)};
}

unsigned short start_on_free_port(const std::function<void(unsigned short)>& start_and_await) {
    for (int attempts_left = 3;; --attempts_left) {
        const auto port = free_port();
        try {
            start_and_await(port);
            return port;
        } catch (const std::runtime_error&) {
            if (attempts_left == 0) throw;
        }
    }
}

bool npm_servers_installed() {
    if (std::filesystem::exists(aimock_program) && std::filesystem::exists(mock_llm_program) &&
        std::filesystem::exists(NPM_SERVERS "/node_modules/@google/genai"))
        return true;
    MESSAGE("skipped: tests/interop/install_servers could not install the npm servers");
    return false;
}

bool nginx_installed() {
    if (!nginx_program().empty()) return true;
    MESSAGE("skipped: nginx is not installed");
    return false;
}

aimock_server::aimock_server() {
    port_ = start_on_free_port([this](unsigned short port) {
        server_ = std::make_unique<child>(node({aimock_program, "-h", "127.0.0.1", "-p", std::to_string(port),
                                                "-f", INTEROP_FOLDER "/aimock.json"}));
        server_->await_output("listening on ");
    });
}

boost::json::array aimock_server::journal() const {
    return parse_body(http_get(port_, "/__aimock/journal")).as_array();
}

std::vector<std::int64_t> aimock_server::times_of(const std::string& prompt) const {
    std::vector<std::int64_t> times;
    for (const auto& request : journal()) {
        const auto& messages = request.at("body").at("messages").as_array();
        if (messages.back().at("content").as_string() == prompt) {
            times.push_back(request.at("timestamp").to_number<std::int64_t>());
        }
    }
    return times;
}

mock_llm_server::mock_llm_server() {
    port_ = start_on_free_port([this](unsigned short port) {
        auto setup = node({mock_llm_program, "--config", INTEROP_FOLDER "/mock_llm.yaml"});
        setup.environment = {{"HOST", "127.0.0.1"}, {"PORT", std::to_string(port)}};
        server_ = std::make_unique<child>(setup);
        server_->await_output("server running on ");
    });
}

nginx_server::nginx_server(const nginx_limit& limit) {
    port_ = start_on_free_port([&](unsigned short port) {
        const auto socket = folder_.path("model-" + std::to_string(port));
        const auto file = folder_.write("nginx.conf", nginx_configuration(port, socket, limit));
        server_ = std::make_unique<child>(
            child_setup{nginx_program(), {"-p", folder_.path(""), "-e", "stderr", "-c", file}});
        server_->await_error("event method");
    });
}

std::map<std::string, std::size_t> nginx_server::answers() {
    server_->signal(SIGQUIT);
    server_->wait();
    std::map<std::string, std::size_t> count;
    std::istringstream log(folder_.read("access.log"));
    for (std::string status; std::getline(log, status);) {
        std::erase(status, '-');  // stands for the limit that the test does not set
        ++count[status];
    }
    return count;
}

std::map<std::string, boost::json::object> results_by_id(const std::string& results) {
    std::map<std::string, boost::json::object> by_id;
    std::istringstream input(results);
    for (std::string line; std::getline(input, line);) {
        auto result = boost::json::parse(line).as_object();
        const std::string id(result.at("custom_id").as_string());
        const bool first = by_id.emplace(id, std::move(result)).second;
        if (!first) throw std::runtime_error("two results for " + id);
    }
    return by_id;
}
