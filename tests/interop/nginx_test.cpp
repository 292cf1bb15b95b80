#include <doctest/doctest.h>

#include <boost/json/parse.hpp>

#include "cli/batch_command.hpp"
#include "interop/other_servers.hpp"

namespace {

const std::string refusal =
    R"(return 429 '{"error":{"message":"Rate limit reached","code":"rate_limit_exceeded"}}';)";

struct figures {
    std::map<std::string, std::size_t> answers;  ///< by status and verdict, as nginx counted them
    std::size_t attempts = 0;
    std::size_t rejected = 0;
};

/// Every prompt is answered, each was answered once, and both sides counted alike.
figures send_through(nginx_server& server, int prompts) {
    const temporary_folder folder;
    const auto got = run(batch(server.base_url(), folder.write("prompts.txt", numbered_prompts(prompts)),
                               folder.path("out"), {"--summary", folder.path("summary")}));
    CAPTURE(got.err);
    CHECK(got.code == 0);
    const auto results = results_by_id(folder.read("out"));
    CHECK(results.size() == static_cast<std::size_t>(prompts));
    for (const auto& [id, result] : results) {
        CHECK(result.at("response").at("body").at("choices").at(0).at("message").at("content") ==
              "from nginx");
    }
    const auto summary = boost::json::parse(folder.read("summary"));
    figures found{server.answers(), summary.at("attempts").to_number<std::size_t>(),
                  summary.at("rejected").to_number<std::size_t>()};
    CHECK(found.answers["200 PASSED"] == static_cast<std::size_t>(prompts));
    CHECK(found.answers["429 REJECTED"] == found.rejected);
    CHECK(found.attempts == prompts + found.rejected);
    MESSAGE(got.err);
    return found;
}

}  // namespace

// The bounds leave room for a machine that is busy with other things: 6 to 10 are usual.
TEST_CASE("nginx: limit_req with Retry-After") {
    if (!nginx_installed()) return;
    nginx_server server({"limit_req_zone $server_name zone=all:1m rate=20r/s;",
                         "limit_req zone=all burst=5 nodelay;",
                         "add_header Retry-After 1 always; " + refusal});
    CHECK(send_through(server, 60).rejected <= 30);
}

TEST_CASE("nginx: limit_req with nginx's own page and without a hint") {
    if (!nginx_installed()) return;
    nginx_server server(
        {"limit_req_zone $server_name zone=all:1m rate=20r/s;", "limit_req zone=all burst=5 nodelay;", ""});
    CHECK(send_through(server, 60).rejected <= 30);
}

TEST_CASE("nginx: limit_conn") {
    if (!nginx_installed()) return;
    // The model takes one request after the other: a place is held long enough for others to find it taken.
    nginx_server server(
        {"limit_conn_zone $server_name zone=all:1m; limit_req_zone $server_name zone=pace:1m rate=40r/s;",
         "limit_conn all 4;", refusal, "limit_req zone=pace burst=100;"});
    CHECK(send_through(server, 60).rejected <= 30);
}

TEST_CASE("nginx: stagger probe finds limit_req and limit_conn") {
    if (!nginx_installed()) return;
    const auto probe = [](const nginx_server& server) {
        return run({STAGGER_COMMAND,
                    {"probe", "--base-url", server.base_url(), "--max-time", "15s", "--json", "-"}});
    };
    const nginx_server rate({"limit_req_zone $server_name zone=all:1m rate=20r/s;",
                             "limit_req zone=all burst=5 nodelay;",
                             "add_header Retry-After 1 always; " + refusal});
    const auto of_rate = probe(rate);
    CAPTURE(of_rate.out);
    CHECK(of_rate.code == 0);
    // Which kind explains answers best may waver on a busy machine (tests/sim has the kinds in virtual time).
    const auto paced = boost::json::parse(of_rate.out).at("found");
    const bool rate_or_window = paced == "rate" || paced == "window";
    CHECK(rate_or_window);
    const nginx_server places({"limit_conn_zone $server_name zone=all:1m;",
                               "limit_conn all 2; limit_rate 400;", "limit_rate 0; " + refusal});
    const auto of_places = probe(places);
    CAPTURE(of_places.out);
    CHECK(of_places.code == 0);
    CHECK(boost::json::parse(of_places.out).at("found") != "none_found");
}
