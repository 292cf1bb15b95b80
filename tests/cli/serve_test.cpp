#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <csignal>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "cli/child.hpp"
#include "cli/servers.hpp"
#include "net/loopback_client.hpp"

namespace {

using words = std::vector<std::string>;
using stagger::test::loopback_client;

const std::string quick = R"({"kind":"constant","mean_s":0.01})";
const std::string wide = R"([{"kind":"token_bucket","rate_per_s":1000,"burst":1000}])";

/// The command, listening on a free port.
class served {
 public:
    explicit served(const std::string& base_url, const words& options = {},
                    std::map<std::string, std::string> environment = {})
        : running_(setup(base_url, options, std::move(environment))) {
        running_.await_output("/v1\n");
        const std::string& said = running_.output();
        const std::string begin = "listening on http://127.0.0.1:";
        REQUIRE(said.starts_with(begin));
        port_ = static_cast<std::uint16_t>(std::stoul(said.substr(begin.size())));
    }

    loopback_client connect() const { return loopback_client(port_); }
    child& operator*() { return running_; }
    child* operator->() { return &running_; }

 private:
    static child_setup setup(const std::string& base_url, const words& options,
                             std::map<std::string, std::string> environment) {
        words arguments{"serve", "--listen", "127.0.0.1:0", "--admin", "off", "--base-url", base_url};
        arguments.insert(arguments.end(), options.begin(), options.end());
        child_setup made;
        made.program = STAGGER_COMMAND;
        made.arguments = arguments;
        made.environment = std::move(environment);
        return made;
    }

    child running_;
    std::uint16_t port_ = 0;
};

std::string call(const std::string& lines = "") {
    const std::string body = R"({"model":"m","messages":[{"role":"user","content":"hello"}]})";
    return "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n" + lines +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

outcome serve(const words& options) {
    words arguments{"serve"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    return run({STAGGER_COMMAND, arguments});
}

}  // namespace

TEST_CASE("serve: the first line says where, calls are answered, and SIGTERM ends it with 0") {
    const throttled_server upstream(wide, quick);
    served gate(upstream.base_url());
    {
        auto client = gate.connect();
        for (int i = 0; i < 3; ++i) {
            const auto answer = client.ask(call());
            CHECK(answer.status == 200);
            CHECK(answer.body.find("answer to: hello") != std::string::npos);
        }
    }
    gate->signal(SIGTERM);
    const auto got = gate->wait();
    CHECK(got.code == 0);
    CHECK(got.err.find("3 calls: 3 answered") != std::string::npos);
    CHECK(upstream.stat("accepted") == 3);
}

TEST_CASE("serve: its key takes the place of the client's, without one the client's goes through") {
    const throttled_server upstream(wide, quick, "secret");
    SUBCASE("its own") {
        served gate(upstream.base_url(), {}, {{"OPENAI_API_KEY", "secret"}});
        CHECK(gate.connect().ask(call("Authorization: Bearer wrong\r\n")).status == 200);
    }
    SUBCASE("the client's") {
        served gate(upstream.base_url());
        CHECK(gate.connect().ask(call("Authorization: Bearer secret\r\n")).status == 200);
        CHECK(gate.connect().ask(call("Authorization: Bearer wrong\r\n")).status == 401);
    }
}

TEST_CASE("serve: a signal lets an answer that has begun end, a second one does not") {
    silent_server upstream;
    served gate(upstream.base_url());
    auto client = gate.connect();
    client.say(call());
    upstream.await_request();
    gate->signal(SIGTERM);
    gate->await_error("a second signal");
    gate->signal(SIGTERM);
    CHECK(gate->wait().code == 130);
    CHECK(client.ended());
}

TEST_CASE("serve: what was learned is remembered for the next run") {
    const throttled_server upstream(R"([{"kind":"token_bucket","rate_per_s":25,"burst":2}])", quick);
    const temporary_folder state;
    const std::map<std::string, std::string> home{{"XDG_STATE_HOME", state.path("")}};
    // How many calls it takes until the limit is sure hangs on the machine: ever more, run by run.
    std::string remark;
    int calls = 30;
    for (int run = 0; run < 8 && remark.empty(); ++run, calls = calls * 3 / 2) {
        served gate(upstream.base_url(), {}, home);
        std::vector<loopback_client> clients;
        for (int i = 0; i < calls; ++i) clients.push_back(gate.connect());
        for (auto& one : clients) one.say(call());
        for (auto& one : clients) CHECK(one.hear().status == 200);
        clients.clear();
        gate->signal(SIGTERM);
        const auto ended = gate->wait();
        CHECK(ended.code == 0);
        if (run > 0 && ended.err.find("remembered from") != std::string::npos) remark = ended.err;
    }
    CAPTURE(remark);
    CHECK(remark.find("started at ") != std::string::npos);
}

TEST_CASE("serve: what cannot be served is refused with the reason") {
    struct wrong {
        words options;
        std::string reason;
    };
    const words upstream{"--base-url", "http://127.0.0.1:1/v1"};
    for (const wrong& one :
         {wrong{{"--listen", "0.0.0.0:0"}, "must be one of the loopback"},
          wrong{{"--listen", "127.0.0.1"}, "must read HOST:PORT"},
          wrong{{"--listen", "127.0.0.1:x"}, "the port must be a number"},
          wrong{{"--listen", "here:80"}, "the host must be an IP address"},
          wrong{{"--listen", "127.0.0.1:0", "--admin", "0.0.0.0:0"}, "--admin: the address"},
          wrong{{"--keepalive", "maybe"}, "--keepalive"}, wrong{{"--timeout", "0s"}, "--timeout"}}) {
        words options = upstream;
        options.insert(options.end(), one.options.begin(), one.options.end());
        const auto got = serve(options);
        CAPTURE(got.err);
        CHECK(got.code == 2);
        CHECK(got.err.find(one.reason) != std::string::npos);
    }
    const auto nowhere = serve({"--listen", "127.0.0.1:0", "--admin", "off"});
    CHECK(nowhere.code == 2);
    CHECK(nowhere.err.find("no base URL") != std::string::npos);
    const auto unwritable = serve({"--listen", "127.0.0.1:0", "--admin", "off", "--base-url",
                                   "http://127.0.0.1:1/v1", "--access-log", "/nowhere/access.log"});
    CHECK(unwritable.code == 3);
    CHECK(unwritable.err.find("/nowhere/access.log") != std::string::npos);
}

TEST_CASE("serve: a port that is taken is refused") {
    const throttled_server upstream(wide, quick);
    const std::string taken = upstream.base_url().substr(std::string("http://").size());
    const auto got = serve(
        {"--base-url", upstream.base_url(), "--listen", taken.substr(0, taken.find('/')), "--admin", "off"});
    CHECK(got.code == 2);
    CHECK(got.err.find("cannot listen on") != std::string::npos);
}

namespace {

/// A socket that listens on the loopback, as systemd would pass it, and stays open while processes come and
/// go.
class listening_socket {
 public:
    explicit listening_socket(in_addr_t address = htonl(INADDR_LOOPBACK))
        : file_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in where{};
        where.sin_family = AF_INET;
        where.sin_addr.s_addr = address;
        socklen_t length = sizeof(where);
        auto* const name = reinterpret_cast<sockaddr*>(&where);
        REQUIRE(::bind(file_, name, length) == 0);
        REQUIRE(::listen(file_, 64) == 0);
        REQUIRE(::getsockname(file_, name, &length) == 0);
        port_ = ntohs(where.sin_port);
    }
    ~listening_socket() { ::close(file_); }
    listening_socket(const listening_socket&) = delete;
    listening_socket& operator=(const listening_socket&) = delete;

    std::uint16_t port() const { return port_; }
    /// The command, which gets the socket as descriptor 3.
    child_setup passed_to(const std::string& base_url, const std::string& sockets = "1") const {
        child_setup made;
        made.program = "/bin/bash";
        made.arguments = {"-c",
                          "exec 3<&$0; LISTEN_PID=$$ LISTEN_FDS=" + sockets + " exec \"$@\"",
                          std::to_string(file_),
                          STAGGER_COMMAND,
                          "serve",
                          "--admin",
                          "off",
                          "--base-url",
                          base_url};
        return made;
    }

 private:
    int file_;
    std::uint16_t port_ = 0;
};

}  // namespace

TEST_CASE("serve: a socket that it was passed outlives it: calls wait there while it is started anew") {
    const throttled_server upstream(wide, quick);
    const listening_socket socket;
    const std::string address = "listening on http://127.0.0.1:" + std::to_string(socket.port()) + "/v1\n";
    for (int start = 0; start < 2; ++start) {
        loopback_client early(socket.port());
        early.say(call());  // nobody serves yet
        child running(socket.passed_to(upstream.base_url()));
        running.await_output(address);
        CHECK(early.hear().status == 200);
        running.signal(SIGTERM);
        CHECK(running.wait().code == 0);
    }
}

TEST_CASE("serve: what was passed and cannot be used is refused") {
    const listening_socket socket;
    const std::string url = "http://127.0.0.1:1/v1";
    SUBCASE("more than one") {
        const auto got = run(socket.passed_to(url, "2"));
        CHECK(got.code == 2);
        CHECK(got.err.find("LISTEN_FDS: must pass one socket, is \"2\"") != std::string::npos);
    }
    SUBCASE("beyond the loopback") {
        const listening_socket anywhere(htonl(INADDR_ANY));
        const auto got = run(anywhere.passed_to(url));
        CHECK(got.code == 2);
        CHECK(got.err.find("the passed socket must listen on the loopback unless --clients lists keys") !=
              std::string::npos);
    }
    SUBCASE("no socket") {
        child_setup setup = socket.passed_to(url);
        setup.arguments[1] = "exec 3</dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec \"$@\"";
        const auto got = run(setup);
        CHECK(got.code == 2);
        CHECK(got.err.find("the passed socket does not listen for TCP") != std::string::npos);
    }
    SUBCASE("meant for another process") {
        child_setup setup = socket.passed_to(url);
        setup.arguments[1] = "exec 3<&$0; LISTEN_PID=1 LISTEN_FDS=1 exec \"$@\"";
        setup.arguments.insert(setup.arguments.end(),
                               {"--listen", "127.0.0.1:" + std::to_string(socket.port())});
        const auto got = run(setup);  // so that it listens itself, where somebody does
        CHECK(got.code == 2);
        CHECK(got.err.find("cannot listen on") != std::string::npos);
    }
}

TEST_CASE("serve: the admin port tells its state, and ends with it") {
    const throttled_server upstream(wide, quick);
    served gate(upstream.base_url(), {"--admin", "127.0.0.1:0"});
    const std::string begin = "status at http://127.0.0.1:";
    gate->await_error("status at ");
    gate->await_error("/\n");
    const auto& said = gate->errors();
    loopback_client admin(
        static_cast<std::uint16_t>(std::stoul(said.substr(said.find(begin) + begin.size()))));
    const auto get = [](const std::string& path) {
        return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
    };
    gate.connect().ask(call());
    CHECK(admin.ask(get("/healthz")).status == 200);
    CHECK(admin.ask(get("/readyz")).status == 200);
    CHECK(admin.ask(get("/other")).status == 404);
    const auto page = admin.ask(get("/"));
    CHECK(page.field("Content-Type") == "text/html; charset=utf-8");
    CHECK(page.field("Content-Security-Policy").find("script-src 'sha256-") != std::string::npos);
    CHECK(page.body.starts_with("<!DOCTYPE html>"));
    const auto status = boost::json::parse(admin.ask(get("/-/status.json")).body);
    CHECK(std::string(status.at("upstream").as_string()) == upstream.base_url());
    CHECK(status.at("calls").at("answered") == 1);
    CHECK(status.at("waiting").at("normal") == 0);
    const auto metrics = admin.ask(get("/metrics"));
    CHECK(metrics.field("Content-Type") == "text/plain; version=0.0.4; charset=utf-8");
    CHECK(metrics.body.find("outcome=\"answered\",status=\"2xx\",tenant=\"-\"} 1\n") != std::string::npos);
    CHECK(metrics.body.find("\ngen_ai_client_token_usage_sum{") != std::string::npos);
    gate->signal(SIGTERM);
    CHECK(gate->wait().code == 0);
    CHECK(admin.ended());
}

TEST_CASE("serve: an access log has a line for each call, and SIGHUP opens it anew") {
    const throttled_server upstream(wide, quick);
    const temporary_folder folder;
    const auto path = folder.path("access.log");
    served gate(upstream.base_url(), {"--access-log", path});
    {
        auto client = gate.connect();
        CHECK(client
                  .ask(call("x-stagger-tenant: abc\r\nx-stagger-priority: batch\r\n"
                            "Authorization: Bearer hidden\r\n"))
                  .status == 200);
        CHECK(client.ask("GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n").status == 404);
        std::filesystem::rename(path, folder.path("old.log"));
        gate->signal(SIGHUP);
        gate->await_error("opened the access log anew");
        CHECK(client.ask(call()).status == 200);
    }
    gate->signal(SIGTERM);
    CHECK(gate->wait().code == 0);
    const std::string old = folder.read("old.log");
    const auto first = boost::json::parse(old.substr(0, old.find('\n')));
    CHECK(first.at("class") == "batch");
    CHECK(first.at("tenant") == "ba7816bf8f01cfea");
    CHECK(first.at("model") == "m");
    CHECK(first.at("status") == 200);
    CHECK(first.at("attempts") == 1);
    CHECK(first.at("outcome") == "answered");
    CHECK(first.at("prompt_tokens").is_number());
    const auto second = boost::json::parse(old.substr(old.find('\n') + 1));
    CHECK(second.at("status") == 404);
    CHECK(second.at("outcome") == "turned_away");
    CHECK(second.at("class").is_null());
    for (const auto* secret : {"hello", "hidden", "abc"}) CHECK(old.find(secret) == std::string::npos);
    CHECK(boost::json::parse(folder.read("access.log")).at("id") == 3);
}

namespace {

// printf %s KEY | sha256sum
const std::string hash_of_one = "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed";
const std::string hash_of_two = "3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3";

std::string clients_text(const std::string& name, const std::string& hash) {
    return "{\"tenants\": [{\"name\": \"" + name + "\", \"keys\": [\"" + hash +
           "\"], \"class\": \"interactive\"},]} // who may call\n";
}

const std::string by_one = "Authorization: Bearer one\r\n";
const std::string by_two = "Authorization: Bearer two\r\n";

}  // namespace

TEST_CASE("serve: clients with keys, whose names the log has, and who are read again on SIGHUP") {
    const temporary_folder folder;
    const auto key = folder.write("key", "secret\n");
    const throttled_server upstream(wide, quick, "secret");
    const auto clients = folder.write("clients.json", clients_text("search", hash_of_one));
    const auto log = folder.path("access.log");
    served gate(upstream.base_url(), {"--clients", clients, "--access-log", log, "--api-key-file", key});
    auto client = gate.connect();
    CHECK(client.ask(call(by_one)).status == 200);
    CHECK(client.ask(call(by_two)).status == 401);
    folder.write("clients.json", "{\"tenants\": 7}");
    gate->signal(SIGHUP);
    gate->await_error("clients and keys stay as they were");
    CHECK(client.ask(call(by_one)).status == 200);
    folder.write("clients.json", clients_text("nightly", hash_of_two));
    gate->signal(SIGHUP);
    gate->await_error("read clients and keys anew: 1 tenants");
    CHECK(client.ask(call(by_one)).status == 401);
    CHECK(client.ask(call(by_two)).status == 200);
    gate->signal(SIGTERM);
    const auto ended = gate->wait();
    CHECK(ended.code == 0);
    const std::string lines = folder.read("access.log");
    CHECK(lines.find("\"class\":\"interactive\",\"tenant\":\"search\"") != std::string::npos);
    CHECK(lines.find("\"class\":\"interactive\",\"tenant\":\"nightly\"") != std::string::npos);
    for (const auto& text : {lines, ended.err}) CHECK(text.find(hash_of_one) == std::string::npos);
}

TEST_CASE("serve: what a tenant has used of its day is known after a restart") {
    const throttled_server upstream(wide, quick);
    const temporary_folder folder;
    const auto clients =
        folder.write("clients.json", R"({"others":{"tokens_a_day":1e9,"requests_a_day":1e6}})");
    const std::map<std::string, std::string> state{{"XDG_STATE_HOME", folder.path("state")}};
    std::string before;
    for (int start = 1; start <= 2; ++start) {
        served gate(upstream.base_url(), {"--clients", clients}, state);
        CHECK(gate.connect().ask(call()).status == 200);
        gate->signal(SIGTERM);
        CHECK(gate->wait().code == 0);
        const auto kept = boost::json::parse(folder.read("state/stagger/serve-spending.json")).as_object();
        if (const std::string day = std::to_string(kept.at("day").to_number<int>()); start == 1) {
            before = day;
        } else if (day == before) {  // else midnight has passed
            const auto& used = kept.at("tenants").as_object().begin()->value();
            CHECK(used.at("requests").to_number<double>() == 2);
        }
    }
}

TEST_CASE("serve: two gateways with budgets do not keep them in one file") {
    const throttled_server upstream(wide, quick);
    const temporary_folder folder;
    const auto clients = folder.write("clients.json", R"({"others":{"requests_a_day":9}})");
    const std::map<std::string, std::string> state{{"XDG_STATE_HOME", folder.path("state")}};
    served first(upstream.base_url(), {"--clients", clients}, state);
    words arguments{"serve",      "--listen",          "127.0.0.1:0", "--admin", "off",
                    "--base-url", upstream.base_url(), "--clients",   clients};
    child_setup setup{STAGGER_COMMAND, arguments};
    setup.environment = state;
    const auto second = run(setup);
    CHECK(second.code == 3);
    CHECK(second.err.find("serve-spending.json: another gateway keeps its budgets there") !=
          std::string::npos);
}

TEST_CASE("serve: a call that upstream never had costs nothing of a budget") {
    const temporary_folder folder;
    const auto clients =
        folder.write("clients.json", R"({"$schema":"clients.schema.json","others":{"requests_a_day":1}})");
    served gate("http://127.0.0.1:1/v1", {"--clients", clients}, {{"XDG_STATE_HOME", folder.path("state")}});
    for (int each = 0; each < 2; ++each) CHECK(gate.connect().ask(call()).status == 502);
}

TEST_CASE("serve: a budget in money needs prices") {
    const temporary_folder folder;
    const auto clients = folder.write("clients.json", R"({"others":{"money_a_day":5}})");
    const auto got = serve({"--base-url", "http://127.0.0.1:1/v1", "--clients", clients});
    CHECK(got.code == 2);
    CHECK(got.err.find("money_a_day needs --prices") != std::string::npos);
}

TEST_CASE("serve: POST /-/reload reads the key's file again, and says what is wrong") {
    const temporary_folder folder;
    const auto key = folder.write("key", "old-key\n");
    const throttled_server upstream(wide, quick, "new-key");
    served gate(upstream.base_url(), {"--admin", "127.0.0.1:0", "--api-key-file", key});
    const std::string begin = "status at http://127.0.0.1:";
    gate->await_error("status at ");
    gate->await_error("/\n");
    const auto& said = gate->errors();
    loopback_client admin(
        static_cast<std::uint16_t>(std::stoul(said.substr(said.find(begin) + begin.size()))));
    const std::string reload = "POST /-/reload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n";
    auto client = gate.connect();
    CHECK(client.ask(call()).status == 401);
    folder.write("key", "\n");
    const auto wrong = admin.ask(reload);
    CHECK(wrong.status == 500);
    CHECK(wrong.body.find("holds no API key") != std::string::npos);
    folder.write("key", "new-key\n");
    CHECK(admin.ask(reload).status == 200);
    CHECK(client.ask(call()).status == 200);
    CHECK(admin.ask("GET /-/reload HTTP/1.1\r\nHost: localhost\r\n\r\n").status == 405);
    CHECK(admin
              .ask("POST /-/reload HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.example\r\n"
                   "Content-Length: 0\r\n\r\n")
              .status == 403);
    gate->signal(SIGTERM);
    CHECK(gate->wait().code == 0);
}

TEST_CASE("serve: what is wrong in the clients' file is refused with the place, and no key is repeated") {
    const temporary_folder folder;
    const std::vector<std::pair<std::string, std::string>> wrong{
        {R"({"tenants": [{"name": "a", "keys": ["sk-secret"]}]})", "tenants[0].keys[0]: must be the SHA-256"},
        {R"({"tenants": [{"name": "a", "keys": "sk-secret"}]})", "tenants[0].keys: must be an array"},
        {R"({"tenants": [{"keys": []}]})", "name"},
        {R"({"tenants": [{"name": "a"}, {"name": "a"}]})", "\"a\" is listed twice"},
        {R"({"tenants": [{"name": "a", "weight": 0}]})", "tenants[0].weight: must be > 0"},
        {R"({"tenants": [{"name": "a", "max_in_flight": 0}]})", "tenants[0].max_in_flight"},
        {R"({"tenants": [{"name": "a", "class": "urgent"}]})", "must be interactive, normal or batch"},
        {R"({"others": {"class": "interactive", "max_class": "batch"}})", "must not be above max_class"},
        {R"({"classes": {"interactive": -1}})", "classes.interactive: must be > 0"},
        {R"({"charge": "money"})", "must be requests or tokens"},
        {R"({"tenant": []})", "unknown member"},
        {"{\n\n]", "line 3: is no JSON"},
    };
    for (const auto& [text, message] : wrong) {
        const auto clients = folder.write("clients.json", text);
        const auto got = serve({"--clients", clients, "--base-url", "http://127.0.0.1:1/v1", "--admin", "off",
                                "--listen", "127.0.0.1:0"});
        CAPTURE(got.err);
        CHECK(got.code == 2);
        CHECK(got.err.find(clients) != std::string::npos);
        CHECK(got.err.find(message) != std::string::npos);
        CHECK(got.err.find("sk-secret") == std::string::npos);
    }
    const auto missing =
        serve({"--clients", folder.path("none"), "--base-url", "http://127.0.0.1:1/v1", "--admin", "off"});
    CHECK(missing.code == 3);
}

TEST_CASE("serve: its section of the configuration file, and a profile's endpoint and key") {
    const temporary_folder folder;
    const throttled_server upstream(wide, quick, "secret");
    const auto key = folder.write("key", "secret\n");
    const auto config = folder.write(
        "config.toml",
        "[common]\nmodel = \"of other commands\"\n[serve]\nlisten = \"127.0.0.1:0\"\nadmin = \"off\"\n"
        "allow-host = [\"gate.example\"]\n[profile.there]\nbase-url = \"" +
            upstream.base_url() + "\"\ndialect = \"openai-chat\"\napi-key-file = \"" + key + "\"\n");
    child gate({STAGGER_COMMAND, {"serve", "-c", config, "--profile", "there"}});
    gate.await_output("/v1\n");
    const std::string begin = "listening on http://127.0.0.1:";
    REQUIRE(gate.output().starts_with(begin));
    const auto port = static_cast<std::uint16_t>(std::stoul(gate.output().substr(begin.size())));
    std::string asked = call();
    asked.replace(asked.find("localhost"), 9, "gate.example");
    {
        loopback_client client(port);
        CHECK(client.ask(asked).status == 200);
    }
    gate.signal(SIGTERM);
    CHECK(gate.wait().code == 0);
    CHECK(upstream.stat("accepted") == 1);
}

TEST_CASE("serve: what its section cannot say is refused with the place") {
    const temporary_folder folder;
    const std::vector<std::pair<std::string, std::string>> wrong{
        {"[serve]\nlisten = \"nowhere\"\n", ":2: --listen: "},
        {"[serve]\nkeepalive = \"ping\"\n", ":2: --keepalive: "},
        {"[serve]\ndialect = \"opnai\"\n", ":2: --dialect: must be auto, openai-chat"},
        {"[serve]\nmodel = \"m\"\n", ":2: model is not an option of serve"},
        {"[serve]\nalow-host = [\"a\"]\n", "did you mean allow-host?"},
    };
    for (const auto& [text, message] : wrong) {
        const auto config = folder.write("config.toml", text);
        const auto got = serve({"-c", config, "--base-url", "http://127.0.0.1:1/v1", "--admin", "off"});
        CAPTURE(got.err);
        CHECK(got.code == 2);
        CHECK(got.err.find(config) == 9);
        CHECK(got.err.find(message) != std::string::npos);
    }
}
