#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/exit_code.hpp"
#include "gateway/access_log_line.hpp"
#include "gateway/gateway.hpp"
#include "gateway/tenant.hpp"
#include "serve/access_log.hpp"
#include "serve/listen_address.hpp"
#include "serve/metrics.hpp"
#include "support/temporary_folder.hpp"

using namespace std::chrono_literals;
namespace gateways = stagger::gateway;

namespace {

/// One that nobody calls.
std::shared_ptr<gateways::gateway> idle_gateway(boost::asio::io_context& context) {
    gateways::gateway_options chosen;
    chosen.upstream.base_url("http://127.0.0.1:1/v1").jitter_seed(1);
    return std::make_shared<gateways::gateway>(context.get_executor(), chosen);
}

gateways::call_record answered_call(const std::string& model = "m") {
    gateways::call_record one;
    one.in = stagger::priority::normal;
    one.tenant = gateways::tenant_number("abc");
    one.model = model;
    one.status = 200;
    one.waited = 3s;
    one.served = 100ms;
    one.attempts = 1;
    one.tokens = {12, 5};
    one.outcome = gateways::call_outcome::answered;
    return one;
}

bool has(const std::string& text, const std::string& line) {
    return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

std::size_t count_of(const std::string& text, const std::string& what) {
    std::size_t count = 0;
    for (auto at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++count;
    return count;
}

}  // namespace

TEST_CASE("metrics: calls are counted by model, tenant, class and outcome, waits and tokens as histograms") {
    boost::asio::io_context context{1};
    const auto gateway = idle_gateway(context);
    app::metrics seen;
    seen.ended(answered_call());
    seen.ended(answered_call());
    auto left = answered_call();
    left.outcome = gateways::call_outcome::departed;
    seen.ended(left);
    auto wrong = answered_call();
    wrong.status = 404;
    seen.ended(wrong);
    const std::string text = seen.text(*gateway, stagger::time_point(1h));
    CAPTURE(text);
    const std::string whose =
        "stagger_requests_total{class=\"normal\",model=\"m\",outcome=\"%\",status=\"2xx\",tenant="
        "\"ba7816bf8f01cfea\"} ";
    const auto calls = [&](const std::string& outcome) {
        return std::string(whose).replace(whose.find('%'), 1, outcome);
    };
    CHECK(has(text, calls("answered") + "2"));
    CHECK(has(text, calls("departed") + "1"));
    CHECK(text.find("outcome=\"answered\",status=\"4xx\"") != text.npos);
    CHECK(has(text, "stagger_line_wait_seconds_bucket{class=\"normal\",le=\"2\"} 0"));
    CHECK(has(text, "stagger_line_wait_seconds_bucket{class=\"normal\",le=\"5\"} 4"));
    CHECK(has(text, "stagger_line_wait_seconds_sum{class=\"normal\"} 12"));
    CHECK(has(text, "gen_ai_server_request_duration_seconds_count{gen_ai_request_model=\"m\"} 2"));
    CHECK(has(text,
              "gen_ai_client_token_usage_sum{gen_ai_request_model=\"m\",gen_ai_token_type=\"input\"} 24"));
    CHECK(has(text,
              "gen_ai_client_token_usage_sum{gen_ai_request_model=\"m\",gen_ai_token_type=\"output\"} 10"));
}

TEST_CASE("metrics: the state of the line and of the limit is there, what is not known is not") {
    boost::asio::io_context context{1};
    const auto gateway = idle_gateway(context);
    app::metrics seen;
    const std::string text = seen.text(*gateway, stagger::time_point(1h));
    CAPTURE(text);
    for (const auto* line :
         {"stagger_line_length{class=\"interactive\"} 0", "stagger_line_length{class=\"batch\"} 0",
          "stagger_line_bytes 0", "stagger_line_oldest_seconds 0", "stagger_in_flight 0",
          "stagger_closed_seconds 0", "stagger_rejections_total 0", "stagger_places_resumed_total 0",
          "# TYPE stagger_pace_per_second gauge"})
        CHECK(has(text, line));
    CHECK(text.find("\nstagger_limit_per_second ") == text.npos);
    CHECK(text.find("\nstagger_window ") == text.npos);
}

TEST_CASE("metrics: a call that passes without the line has no class, no model and no wait") {
    boost::asio::io_context context{1};
    const auto gateway = idle_gateway(context);
    app::metrics seen;
    gateways::call_record one;
    one.outcome = gateways::call_outcome::answered;
    seen.ended(one);
    const std::string text = seen.text(*gateway, stagger::time_point(1h));
    CHECK(has(text,
              "stagger_requests_total{class=\"none\",model=\"\",outcome=\"answered\",status=\"none\",tenant="
              "\"-\"} 1"));
    CHECK(text.find("stagger_line_wait_seconds_sum") == text.npos);
}

TEST_CASE("metrics: names that clients choose do not make series without end") {
    boost::asio::io_context context{1};
    const auto gateway = idle_gateway(context);
    app::metrics seen;
    for (int i = 0; i < 300; ++i) seen.ended(answered_call("m" + std::to_string(i)));
    for (int i = 0; i < 3000; ++i) {
        auto one = answered_call();
        one.tenant = gateways::tenant_number(std::to_string(i));
        seen.ended(one);
    }
    const std::string text = seen.text(*gateway, stagger::time_point(1h));
    CHECK(count_of(text, "\nstagger_requests_total{") == 101 + 1000);
    CHECK(count_of(
              text,
              "model=\"other\",outcome=\"answered\",status=\"2xx\",tenant=\"ba7816bf8f01cfea\"} 200\n") == 1);
    CHECK(count_of(text, "outcome=\"answered\",status=\"2xx\",tenant=\"other\"} 2001\n") == 1);
}

TEST_CASE(
    "access log: a line for each call, behind those that are there, and in a new file once it is reopened") {
    const temporary_folder folder;
    const auto path = folder.write("access.log", "earlier\n");
    app::console out(true);
    app::wall_clock clock;
    clock.now = [] { return app::wall_clock::moment(1'706'371'500s); };
    app::access_log log(path, clock, out);
    log.ended(answered_call());
    const std::string first = folder.read("access.log");
    CHECK(
        first.starts_with("earlier\n{\"time\":\"2024-01-27T16:05:00.000Z\",\"id\":0,\"class\":\"normal\","));
    std::filesystem::rename(path, folder.path("old.log"));
    log.ended(answered_call());
    CHECK(folder.read("old.log").size() > first.size());
    log.reopen();
    log.ended(answered_call());
    CHECK(folder.read("access.log") == first.substr(std::string("earlier\n").size()));
}

TEST_CASE("access log: what cannot be opened anew goes on, and a failure to write is told once") {
    std::vector<std::string> told;
    app::console out(true);
    out.also_tell([&](app::console::weight, std::string_view message) { told.emplace_back(message); });
    SUBCASE("reopening") {
        const temporary_folder folder;
        std::filesystem::create_directory(folder.path("logs"));
        app::access_log log(folder.path("logs/access.log"), app::machine_clock(), out);
        std::filesystem::rename(folder.path("logs"), folder.path("moved"));
        log.reopen();
        REQUIRE(told.size() == 1);
        CHECK(told[0].find("the access log goes on where it was") != std::string::npos);
        log.ended(answered_call());
        CHECK_FALSE(folder.read("moved/access.log").empty());
    }
    SUBCASE("writing") {
        app::access_log log("/dev/full", app::machine_clock(), out);
        log.ended(answered_call());
        log.ended(answered_call());
        REQUIRE(told.size() == 1);
        CHECK(told[0].find("calls are missing") != std::string::npos);
    }
}

TEST_CASE("listening: beyond the loopback only where clients have keys") {
    using app::reach;
    CHECK(app::parse_listen_address("--listen", "[::1]:80", reach::loopback).port() == 80);
    CHECK(app::parse_listen_address("--listen", "localhost:0", reach::loopback_without_keys)
              .address()
              .is_loopback());
    CHECK(app::parse_listen_address("--listen", "0.0.0.0:80", reach::anywhere).port() == 80);
    CHECK_THROWS_AS(app::parse_listen_address("--admin", "0.0.0.0:80", reach::loopback), app::failure);
    CHECK_THROWS_WITH(app::parse_listen_address("--listen", "0.0.0.0:80", reach::loopback_without_keys),
                      doctest::Contains("unless --clients lists keys"));
}

TEST_CASE("metrics and the access log: a tenant that is listed has its name") {
    boost::asio::io_context context{1};
    const auto gateway = idle_gateway(context);
    app::metrics seen;
    auto one = answered_call();
    one.tenant_name = "search";
    seen.ended(one);
    CHECK(seen.text(*gateway, {}).find("tenant=\"search\"") != std::string::npos);
    CHECK(gateways::access_log_line(one, {}).find("\"tenant\":\"search\"") != std::string::npos);
}
