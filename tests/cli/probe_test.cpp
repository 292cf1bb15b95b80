#include <doctest/doctest.h>

#include <boost/json/parse.hpp>

#include "cli/child.hpp"
#include "cli/servers.hpp"

namespace {

using words = std::vector<std::string>;

const std::string quick = R"({"kind":"constant","mean_s":0.01})";

outcome probe(const std::string& base_url, words options = {}) {
    words arguments{"probe", "--base-url", base_url, "--model", "m"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    return run({STAGGER_COMMAND, arguments});
}

boost::json::value probe_json(const throttled_server& server) {
    const auto got = probe(server.base_url(), {"--json", "-"});
    CAPTURE(got.err);
    REQUIRE(got.code == 0);
    return boost::json::parse(got.out);
}

}  // namespace

TEST_CASE("probe: a token bucket, and what to pass to a batch") {
    const throttled_server server(R"([{"kind":"token_bucket","rate_per_s":20,"burst":6}])", quick);
    const temporary_folder folder;
    const auto got = probe(server.base_url(), {"--json", folder.path("found")});
    CAPTURE(got.out);
    CHECK(got.code == 0);
    CHECK(got.out.find("limit    ") == 0);
    CHECK(got.out.find("pass     stagger batch --rpm ") != std::string::npos);
    const auto found = boost::json::parse(folder.read("found"));
    // On a busy machine some answers fit a sliding window as well; tests/sim has the kinds in virtual time.
    const bool is_paced = found.at("found") == "rate" || found.at("found") == "window";
    CHECK(is_paced);
    if (found.at("found") != "rate") return;
    const auto& range = found.at("limit").at("rate_per_s");
    CHECK(range.at("low").to_number<double>() <= range.at("high").to_number<double>());
    CHECK(found.at("requests").to_number<std::size_t>() <= 400);
}

TEST_CASE("probe: a limit on requests in flight") {
    const throttled_server server(R"([{"kind":"concurrency","max":3}])",
                                  R"({"kind":"lognormal","mean_s":0.15,"sigma":0.4})");
    const auto found = probe_json(server);
    CHECK(found.at("found") != "none_found");
    if (found.at("found") == "concurrency") CHECK(found.at("batch_options") == "--max-concurrency 3");
}

TEST_CASE("probe: no limit within the requests that it may spend") {
    const throttled_server server("[]", quick);
    const auto got = probe(server.base_url(), {"--max-requests", "50"});
    CHECK(got.code == 0);
    CHECK(got.out.find("none found: 50 requests were admitted") != std::string::npos);
    CHECK(server.stat("accepted") == 50);
}

TEST_CASE("probe: a refused key, and an endpoint that is down, end it at once with 4") {
    const throttled_server server("[]", quick, "sk-right");
    const auto refused = probe(server.base_url());
    CHECK(refused.code == 4);
    CHECK(refused.err.find("cannot use " + server.base_url()) != std::string::npos);
    const auto down = probe("http://127.0.0.1:1/v1");
    CHECK(down.code == 4);
    CHECK(down.err.find("the endpoint is down") != std::string::npos);
    CHECK(down.out.find("3 requests") != std::string::npos);
}

TEST_CASE("probe: wrong options are refused, with the rule") {
    const auto none = probe("http://127.0.0.1:1/v1", {"--max-requests", "0"});
    CHECK(none.code == 2);
    CHECK(none.err.find("--max-requests: must be a whole number from 1, is \"0\"") != std::string::npos);
    const auto no_time = probe("http://127.0.0.1:1/v1", {"--max-time", "0"});
    CHECK(no_time.code == 2);
    CHECK(no_time.err.find("--max-time: must be longer than 0") != std::string::npos);
}
