#include <doctest/doctest.h>

#include <boost/json/parse.hpp>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "cli/batch_command.hpp"
#include "cli/child.hpp"
#include "cli/exit_code.hpp"
#include "cli/servers.hpp"
#include "routes/routes_file.hpp"
#include "support/json_schema.hpp"
#include "support/temporary_folder.hpp"

namespace {

using words = std::vector<std::string>;

const std::string quick = R"({"kind":"constant","mean_s":0.01})";
const std::string wide = R"([{"kind":"token_bucket","rate_per_s":1000,"burst":1000}])";

std::string no_variables(const std::string&) {
    return "";
}

/// What is said of a file that is refused.
std::string problem(const std::string& text, const app::environment_reader& environment = no_variables) {
    const temporary_folder folder;
    folder.write("routes.json", text);
    try {
        app::read_routes(folder.path("routes.json"), environment);
    } catch (const app::failure& wrong) {
        CHECK(wrong.code() == app::exit_code::wrong_usage);
        return wrong.what();
    }
    return "";
}

outcome stagger_with(const words& arguments, const temporary_folder& home) {
    child_setup made;
    made.program = STAGGER_COMMAND;
    made.arguments = arguments;
    made.environment = {{"XDG_STATE_HOME", home.path("")}};
    return run(made);
}

}  // namespace

TEST_CASE("a routes file is read with comments, and keys come from files and the environment") {
    const temporary_folder folder;
    folder.write("west.key", "west-key-1234\n");
    folder.write("routes.json", R"(// two coasts
{"routes": [
    {"name": "east", "base_url": "http://127.0.0.1:1/v1", "api_key_env": "EAST", "tier": 1, "rpm": 60},
    {"base_url": "https://api.anthropic.com", "api_key_file": "west.key", "weight": 2.5, "model": "claude",
     "headers": {"X-Team": "a"}, /* the end */},
]})");
    const auto all = app::read_routes(folder.path("routes.json"), [](const std::string& name) {
        return name == "EAST" ? std::string("east-key-1234") : std::string();
    });
    REQUIRE(all.size() == 2);
    CHECK(all[0].name == "east");
    CHECK(all[0].secret == "east-key-1234");
    CHECK(all[0].tier == 1);
    CHECK(all[0].requests_per_minute == 60);
    CHECK(all[0].dialect == stagger::dialect::openai_chat);
    CHECK(all[1].name == "https://api.anthropic.com");
    CHECK(all[1].secret == "west-key-1234");
    CHECK(all[1].dialect == stagger::dialect::anthropic_messages);
    CHECK(all[1].weight == 2.5);
    CHECK(all[1].headers == std::map<std::string, std::string>{{"X-Team", "a"}});
    CHECK(app::pick_routes(all, {"east"}).size() == 1);
    CHECK_THROWS_AS(app::pick_routes(all, {"north"}), app::failure);
}

TEST_CASE("a route says by which way it goes, and its proxy's password stands elsewhere") {
    const temporary_folder folder;
    folder.write("routes.json", R"({"routes": [
    {"name": "a", "base_url": "http://a/v1", "proxy": "http://proxy:3128"},
    {"name": "b", "base_url": "http://b/v1", "proxy_env": "PROXY"},
    {"name": "c", "base_url": "http://c/v1", "unix_socket": "/run/c"},
    {"name": "d", "base_url": "http://d/v1", "proxy": ""},
    {"name": "e", "base_url": "http://e/v1"}]})");
    const auto all = app::read_routes(folder.path("routes.json"), [](const std::string& name) {
        return name == "PROXY" ? std::string("http://joe:secret@proxy") : std::string();
    });
    CHECK(all[0].way.proxy == "http://proxy:3128");
    CHECK(all[1].way.proxy == "http://joe:secret@proxy");
    CHECK(all[2].way.unix_socket == "/run/c");
    CHECK_FALSE(all[2].way.proxy);
    CHECK(all[3].way.proxy == "");
    CHECK_FALSE(all[4].way.proxy);

    const auto refused = [](const std::string& members) {
        return problem(R"({"routes": [{"base_url": "http://a/v1", )" + members + "}]}");
    };
    const std::string with_password = refused(R"("proxy": "http://joe:secret@proxy")");
    CHECK(with_password.find("routes[0].proxy: must not hold a user or a password") != std::string::npos);
    CHECK(with_password.find("secret") == std::string::npos);
    CHECK(refused(R"("proxy": "p", "proxy_env": "P")").find("must not stand beside proxy") !=
          std::string::npos);
    CHECK(refused(R"("proxy_env": "P")").find("must name a variable that is set") != std::string::npos);
    CHECK(refused(R"("proxy": "p", "unix_socket": "/x")").find("must not stand beside a proxy") !=
          std::string::npos);
}

TEST_CASE("what is wrong in a routes file is told with its place, the rule and the value") {
    const auto with = [](const std::string& member) {
        return R"({"routes":[{"base_url":"http://a/v1"},{"base_url":"http://b/v1",)" + member + "}]}";
    };
    struct wrong {
        std::string text;
        std::string said;
    };
    for (const wrong& one : std::vector<wrong>{
             {"{\n\"routes\": [\n}", "line 3: is no JSON"},
             {"{\"routes\":[]} x", "line 1: is no JSON"},
             {"[]", "the file: must be an object, is []"},
             {"{}", "routes: must be given, is missing"},
             {R"({"routes":[]})", "routes: must be from 1 to 64, are 0"},
             {R"({"routes":[{}]})", "routes[0].base_url: must be given, is missing"},
             {R"({"routes":[{"base_url":"ftp://a"}]})", "routes[0].base_url: "},
             {R"({"route":[]})", "route: unknown member, must be one of routes"},
             {with(R"("wieght":1)"), "routes[1].wieght: unknown member, must be one of name, base_url"},
             {with(R"("weight":0)"), "routes[1].weight: must be > 0, is 0"},
             {with(R"("fallback_after_s":0)"), "routes[1].fallback_after_s: must be > 0, is 0"},
             {with(R"("tier":-1)"), "routes[1].tier: must be a whole number within 0..64, is -1"},
             {with(R"("rpm":"fast")"), "routes[1].rpm: must be a number, is \"fast\""},
             {with(R"("dialect":"klingon")"), "routes[1].dialect: must be auto, "},
             {with(R"("headers":{"a":1})"), "routes[1].headers.a: must be a string, is 1"},
             {with(R"("api_key_env":"NOT_SET")"), "routes[1].api_key_env: must name a variable that is set"},
             {with(R"("api_key_env":"A","api_key_file":"b")"),
              "routes[1].api_key_env: must not stand beside api_key_file"},
             {R"({"routes":[{"base_url":"http://a/v1","account":"x","rpm":60},)"
              R"({"base_url":"http://b/v1","account":"x"}]})",
              "routes[1].account: must have the same rpm and tpm wherever it stands, is \"x\""},
             {R"({"routes":[{"base_url":"http://a/v1"},{"base_url":"http://a/v1"}]})",
              "routes[1].name: must be another than those before, is \"http://a/v1\""}}) {
        CAPTURE(one.text);
        const std::string said = problem(one.text);
        CHECK_MESSAGE(said.find(one.said) != std::string::npos, said);
        CHECK(said.find("routes.json: ") != std::string::npos);
    }
}

TEST_CASE("routes check says what a file means, and never a key") {
    const temporary_folder folder;
    folder.write("a.key", "secret-of-route-a\n");
    folder.write(
        "routes.json",
        R"({"routes":[{"name":"a","base_url":"http://127.0.0.1:1/v1","api_key_file":"a.key","rpm":90}]})");
    const auto good = stagger_with({"routes", "check", folder.path("routes.json")}, folder);
    CHECK(good.code == 0);
    CHECK(good.out.find("http://127.0.0.1:1/v1") != std::string::npos);
    CHECK(good.out.find("openai-chat") != std::string::npos);
    CHECK(good.out.find("found") != std::string::npos);
    CHECK(good.out.find("90") != std::string::npos);
    CHECK(good.out.find("secret-of-route-a") == std::string::npos);
    folder.write("routes.json", R"({"routes":[{"name":"a"}]})");
    const auto bad = stagger_with({"routes", "check", folder.path("routes.json")}, folder);
    CHECK(bad.code == 2);
    CHECK(bad.err.find("routes[0].base_url: must be given") != std::string::npos);
    CHECK(stagger_with({"routes", "check", folder.path("none.json")}, folder).code == 3);
}

TEST_CASE("a batch over several routes loses nothing where one of them is nowhere, and learns of each") {
    const throttled_server one(wide, quick);
    const throttled_server two(wide, quick);
    const temporary_folder folder;
    std::string prompts;
    for (int i = 0; i < 200; ++i) prompts += R"({"prompt":"p )" + std::to_string(i) + "\"}\n";
    folder.write("in.jsonl", prompts);
    folder.write("routes.json", R"({"routes":[{"name":"gone","base_url":"http://127.0.0.1:1/v1"},
        {"name":"one","base_url":")" +
                                    one.base_url() + R"(","model":"m"},{"name":"two","base_url":")" +
                                    two.base_url() + R"(","model":"m"}]})");
    const auto got = stagger_with({"batch", folder.path("in.jsonl"), "-o", folder.path("out.jsonl"),
                                   "--routes", folder.path("routes.json"), "--model", "m"},
                                  folder);
    CAPTURE(got.err);
    CHECK(got.code == 0);
    CHECK(one.stat("accepted") + two.stat("accepted") == 200);
    CHECK(one.stat("accepted") > 0);
    CHECK(two.stat("accepted") > 0);
}

TEST_CASE("a route can be picked, and what does not go together is refused") {
    const throttled_server one(wide, quick);
    const temporary_folder folder;
    folder.write("routes.json", R"({"routes":[{"name":"gone","base_url":"http://127.0.0.1:1/v1"},
        {"name":"one","base_url":")" +
                                    one.base_url() + R"("}]})");
    const std::string file = folder.path("routes.json");
    const auto good =
        stagger_with({"complete", "hello", "--routes", file, "--route", "one", "--model", "m"}, folder);
    CAPTURE(good.err);
    CHECK(good.code == 0);
    CHECK(good.out.find("answer to: hello") != std::string::npos);
    struct wrong {
        words options;
        std::string said;
    };
    for (const wrong& each : std::vector<wrong>{
             {{"--routes", file, "--route", "nowhere"}, "--route: \"nowhere\" is none of gone, one"},
             {{"--routes", file, "--base-url", "http://b/v1"},
              "--routes and --base-url: only one may be given"},
             {{"--route", "one"}, "--route: must come with --routes"},
             {{"--routes", file, "--decision-log", folder.path("log")},
              "--decision-log: tells of one line"}}) {
        words line{"complete", "hello", "--model", "m"};
        line.insert(line.end(), each.options.begin(), each.options.end());
        const auto got = stagger_with(line, folder);
        CHECK(got.code == 2);
        CHECK_MESSAGE(got.err.find(each.said) != std::string::npos, got.err);
    }
}

TEST_CASE("bench measures several routes together, and probe one of them") {
    const throttled_server one(wide, quick);
    const throttled_server two(wide, quick);
    const temporary_folder folder;
    folder.write("routes.json", R"({"routes":[{"name":"one","base_url":")" + one.base_url() +
                                    R"("},{"name":"two","base_url":")" + two.base_url() + R"("}]})");
    const std::string file = folder.path("routes.json");
    const auto bench = stagger_with(
        {"bench", "--routes", file, "--model", "m", "--requests", "100", "--concurrency", "4", "--quiet"},
        folder);
    CHECK_MESSAGE(bench.code == 0, bench.err);
    CHECK(one.stat("accepted") + two.stat("accepted") == 100);
    CHECK(one.stat("accepted") > 0);
    CHECK(two.stat("accepted") > 0);

    const auto both = stagger_with({"probe", "--routes", file, "--model", "m"}, folder);
    CHECK(both.code == 2);
    CHECK(both.err.find("pick one route by --route") != std::string::npos);
    const auto before = two.stat("accepted");
    const auto probe = stagger_with(
        {"probe", "--routes", file, "--route", "one", "--model", "m", "--max-requests", "20"}, folder);
    CHECK(two.stat("accepted") == before);
    CHECK(one.stat("accepted") + two.stat("accepted") > 100);
}

TEST_CASE("two keys of one account share its limit") {
    const throttled_server server(R"([{"kind":"token_bucket","rate_per_s":50,"burst":1}])", quick);
    const temporary_folder folder;
    folder.write("in.txt", numbered_prompts(60));
    folder.write("routes.json",
                 R"({"routes":[{"name":"a","account":"ours","headers":{"x-key":"1"},"base_url":")" +
                     server.base_url() +
                     R"("},{"name":"b","account":"ours","headers":{"x-key":"2"},"base_url":")" +
                     server.base_url() + R"("}]})");
    const auto got = stagger_with({"batch", folder.path("in.txt"), "-o", folder.path("out.jsonl"), "--routes",
                                   folder.path("routes.json"), "--model", "m"},
                                  folder);
    CHECK_MESSAGE(got.code == 0, got.err);
    CHECK(server.stat("accepted") == 60);
}

// The first tier admits one a second, and whoever has waited for half a second may go on.
TEST_CASE("requests that have waited for their tier for fallback_after_s go to the next one") {
    const throttled_server slow(R"([{"kind":"token_bucket","rate_per_s":1,"burst":1}])", quick);
    const throttled_server next(wide, quick);
    const temporary_folder folder;
    folder.write("in.txt", numbered_prompts(40));
    folder.write("routes.json", R"({"routes":[{"name":"slow","rpm":60,"fallback_after_s":0.5,"base_url":")" +
                                    slow.base_url() + R"("},{"name":"next","tier":1,"base_url":")" +
                                    next.base_url() + R"("}]})");
    const auto got = stagger_with({"batch", folder.path("in.txt"), "-o", folder.path("out.jsonl"), "--routes",
                                   folder.path("routes.json"), "--model", "m"},
                                  folder);
    CHECK_MESSAGE(got.code == 0, got.err);
    CHECK(slow.stat("accepted") + next.stat("accepted") == 40);
    CHECK(slow.stat("accepted") > 0);
    CHECK(next.stat("accepted") > 0);
}

TEST_CASE("the schema of routes files takes what is right, and refuses what is not") {
    std::ifstream file(ROUTES_SCHEMA);
    const auto schema = boost::json::parse(
        std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()));
    const auto is_right = [&](const std::string& text) {
        return support::schema_violations(schema, boost::json::parse(text)).empty();
    };
    CHECK(is_right(
        R"({"routes":[{"base_url":"http://a","weight":2,"tier":1,"fallback_after_s":0.5,"account":"a"}]})"));
    CHECK_FALSE(is_right(R"({"routes":[{"base_url":"http://a","wieght":2}]})"));
    CHECK_FALSE(is_right(R"({"routes":[{"base_url":"http://a","weight":0}]})"));
    CHECK_FALSE(is_right(R"({"routes":[]})"));
}
