#include <doctest/doctest.h>

#include <boost/json/parse.hpp>
#include <csignal>

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
    const auto number = [](const boost::json::value& of, const char* name) {
        return of.at(name).to_number<double>();
    };
    const auto& range = found.at("limit").at("rate_per_s");
    CHECK(number(range, "low") <= number(range, "best"));
    CHECK(number(range, "best") <= number(range, "high"));
    // Whatever the machine does meanwhile, the bucket gives twenty a second.
    CHECK(number(range, "best") > 10);
    CHECK(number(range, "best") < 40);
    const std::string rpm = "--rpm ";
    const std::string options(found.at("batch_options").as_string());
    REQUIRE(options.starts_with(rpm));
    if (found.at("sure").as_bool()) {
        const double passed = std::stod(options.substr(rpm.size()));
        CHECK(passed <= 60 * number(range, "low"));
        CHECK(passed > 0.97 * 60 * number(range, "low"));
    }
}

TEST_CASE("probe: what it spent is what the server has counted") {
    const throttled_server server(R"([{"kind":"token_bucket","rate_per_s":20,"burst":6}])", quick);
    const auto found = probe_json(server);
    const auto count = [&](const char* name) { return found.at(name).to_number<std::uint64_t>(); };
    CHECK(count("requests") <= 400);
    CHECK(count("refused") > 0);
    CHECK(count("failed") == 0);
    CHECK(count("admitted") + count("refused") == count("requests"));
    CHECK(server.stat("accepted") + server.stat("rejected") == count("requests"));
}

TEST_CASE("probe: with too few requests it does not say that everything was refused") {
    const throttled_server server(R"([{"kind":"token_bucket","rate_per_s":0.01,"burst":2}])", quick);
    const auto got = probe(server.base_url(), {"--max-requests", "6"});
    CHECK(got.code == 1);
    CHECK(got.out.find("unknown: 2 requests admitted before something was refused") != std::string::npos);
    CHECK(got.out.find("everything was refused") == std::string::npos);
    CHECK(got.out.find("--max-requests ended it") != std::string::npos);
}

TEST_CASE("probe: a terminal that is closed ends it like Ctrl-C") {
    for (const int signal : {SIGHUP, SIGINT, SIGTERM}) {
        silent_server server;
        child started({STAGGER_COMMAND, {"probe", "--base-url", server.base_url(), "--model", "m"}});
        server.await_request();
        started.signal(signal);
        const auto got = started.wait();
        CHECK(got.code == 130);
        CHECK(got.out.find("interrupted") != std::string::npos);
        CHECK(got.out.find("unknown: nothing was answered yet") != std::string::npos);
    }
}

TEST_CASE("probe: a server that has not answered when the time is up has admitted nothing") {
    silent_server server;
    const auto got = probe(server.base_url(), {"--max-time", "50ms", "--json", "-"});
    CHECK(got.code == 1);
    const auto found = boost::json::parse(got.out);
    CHECK(found.at("found") == "unanswered");
    CHECK(found.at("admitted") == 0);
    CHECK(found.at("batch_options") == "");
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
    CHECK(down.err.find("the endpoint is down: nothing was answered") != std::string::npos);
    CHECK(down.err.find("within 10 s") == std::string::npos);  // three tries take a second
    CHECK(down.out.find("3 requests") != std::string::npos);
}

TEST_CASE("probe: what one output cannot take is not lost to the other") {
    const temporary_folder folder;
    const throttled_server server("[]", quick);
    child_setup setup{STAGGER_COMMAND,
                      {"probe", "--base-url", server.base_url(), "--max-requests", "1", "--json"}};
    SUBCASE("no text") {
        setup.arguments.push_back(folder.path("found"));
        setup.output_file = "/dev/full";
        const auto got = run(setup);
        CHECK(got.code == 3);
        CHECK(got.err == "stagger: standard output: No space left on device\n");
        CHECK(boost::json::parse(folder.read("found")).at("found") == "none_found");
    }
    SUBCASE("no file") {
        setup.arguments.emplace_back("/dev/full");
        const auto got = run(setup);
        CHECK(got.code == 3);
        CHECK(got.err == "stagger: /dev/full: No space left on device\n");
        CHECK(got.out.find("none found: 1 request was admitted") != std::string::npos);
    }
}

TEST_CASE("probe: where no key was sent and one is wanted, it says where one is looked for") {
    const throttled_server server("[]", quick, "sk-right");
    const auto refused = probe(server.base_url());
    CHECK(refused.err.find("no API key was sent: give --api-key-file") != std::string::npos);
}

TEST_CASE("probe: wrong options are refused, with the rule") {
    const auto none = probe("http://127.0.0.1:1/v1", {"--max-requests", "0"});
    CHECK(none.code == 2);
    CHECK(none.err.find("--max-requests: must be a whole number from 1, is \"0\"") != std::string::npos);
    const auto no_time = probe("http://127.0.0.1:1/v1", {"--max-time", "0"});
    CHECK(no_time.code == 2);
    CHECK(no_time.err.find("--max-time: must be longer than 0, is 0") != std::string::npos);
}
