#include <doctest/doctest.h>
#include <signal.h>
#include <sys/stat.h>

#include <boost/json/parse.hpp>
#include <filesystem>
#include <sstream>

#include "cli/batch_command.hpp"
#include "cli/child.hpp"
#include "cli/servers.hpp"

// What runs remember of limits, as a user sees it.
namespace {

using words = std::vector<std::string>;

using stagger::test::answer;
using stagger::test::chat_answer;
using stagger::test::scripted_peer;
using stagger::test::turn;

constexpr int prompts_to_learn = 60;

/// Refuses a few requests in the beginning (one alone may be chance), and then admits enough to show that the
/// pace holds. To every run alike, since each has a connection of its own.
class limiting_server : public scripted_server {
 public:
    limiting_server() : scripted_server({script()}) {}

 private:
    static scripted_peer::script script() {
        scripted_peer::script turns(prompts_to_learn, turn{chat_answer("hi")});
        turns.insert(turns.begin() + 25, 4, turn{answer(429, R"({"error":{"message":"slow down"}})")});
        return turns;
    }
};

/// A user's state folder, and a list of prompts.
class remembering {
 public:
    explicit remembering(int prompts = prompts_to_learn) {
        prompts_ = folder_.write("prompts", numbered_prompts(prompts));
    }

    child_setup batch(const scripted_server& server, const words& options = {},
                      const std::string& model = "m") const {
        auto setup = ::batch(server.base_url(), prompts_, folder_.path("out"), options, model);
        setup.arguments.insert(setup.arguments.end(), {"--overwrite", "--max-concurrency", "1"});
        setup.environment["XDG_STATE_HOME"] = folder_.path("state");
        return setup;
    }
    outcome limits(const words& arguments = {}) const {
        child_setup setup{STAGGER_COMMAND, {"limits"}};
        setup.arguments.insert(setup.arguments.end(), arguments.begin(), arguments.end());
        setup.environment["XDG_STATE_HOME"] = folder_.path("state");
        return run(setup);
    }
    std::vector<boost::json::object> entries() const {
        std::vector<boost::json::object> lines;
        std::istringstream input(limits({"--json"}).out);
        for (std::string line; std::getline(input, line);) {
            lines.push_back(boost::json::parse(line).as_object());
        }
        return lines;
    }
    std::string file() const { return folder_.path("state/stagger/limits.json"); }
    bool remembers() const { return std::filesystem::exists(file()); }
    std::string text() const { return folder_.read("state/stagger/limits.json"); }
    void damage(const std::string& text) const {
        std::filesystem::create_directories(folder_.path("state/stagger"));
        folder_.write("state/stagger/limits.json", text);
    }
    const temporary_folder& folder() const { return folder_; }

 private:
    temporary_folder folder_;
    std::string prompts_;
};

bool says(const outcome& got, const std::string& text) {
    return got.err.find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("a run remembers what it learned, and the next one starts from it") {
    const remembering user;
    const limiting_server server;
    const auto cold = run(user.batch(server));
    CHECK(cold.code == 0);
    CHECK_FALSE(says(cold, "remembered"));
    REQUIRE(user.remembers());
    struct stat info {};
    REQUIRE(::stat(user.file().c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0600);
    const auto entries = user.entries();
    REQUIRE(entries.size() == 1);
    CHECK(entries[0].at("model") == "m");
    CHECK(entries[0].at("account") == "none");
    CHECK(server.base_url() == entries[0].at("endpoint").as_string().c_str());
    CHECK(entries[0].at("rate_per_s").to_number<double>() > 0);

    const auto warm = run(user.batch(server));
    CHECK(warm.code == 0);
    CHECK(says(warm, "remembered from less than a minute ago\n"));
    CHECK(says(warm, "started "));
    CHECK(user.entries().size() == 1);

    SUBCASE("but not with a limit that is configured, which does not forget it either") {
        const auto before = user.text();
        const auto configured = run(user.batch(server, {"--rpm", "5900"}));
        CHECK(configured.code == 0);
        CHECK_FALSE(says(configured, "remembered"));
        CHECK(user.text() == before);
    }
    SUBCASE("nor for another model, account or endpoint, nor by a policy that does not measure") {
        const auto other_key = user.folder().write("key", "sk-other");
        CHECK_FALSE(says(run(user.batch(server, {}, "m2")), "remembered"));
        for (const auto& options : {words{"--api-key-file", other_key}, words{"--policy", "none"}}) {
            CAPTURE(options[0]);
            CHECK_FALSE(says(run(user.batch(server, options)), "remembered"));
        }
        const limiting_server elsewhere;
        CHECK_FALSE(says(run(user.batch(elsewhere)), "remembered"));
        CHECK(user.text().find("sk-other") == std::string::npos);
    }
}

TEST_CASE("--no-remember neither reads nor writes") {
    const remembering user;
    const limiting_server server;
    CHECK(run(user.batch(server, {"--no-remember"})).code == 0);
    CHECK_FALSE(std::filesystem::exists(user.folder().path("state")));
    user.damage("garbage");
    const auto got = run(user.batch(server, {"--no-remember"}));
    CHECK(got.code == 0);
    CHECK_FALSE(says(got, "limits.json"));
    CHECK(user.text() == "garbage");
}

TEST_CASE("a run that measured nothing writes nothing") {
    const remembering user(3);
    const scripted_server server({{3, turn{chat_answer("hi")}}});
    CHECK(run(user.batch(server)).code == 0);
    CHECK_FALSE(user.remembers());
}

TEST_CASE("an interrupted run remembers, too") {
    const remembering user(1000);
    const limiting_server server;
    auto setup = user.batch(server);
    setup.arguments.insert(setup.arguments.end(), {"--log-level", "debug"});
    child interrupted(setup);
    interrupted.await_error(": answered", prompts_to_learn);
    interrupted.signal(SIGINT);
    CHECK(interrupted.wait().code == 130);
    CHECK(user.remembers());
    CHECK(user.entries().size() == 1);
}

TEST_CASE("a damaged state file is warned of once, and replaced by a good one") {
    const remembering user;
    const limiting_server server;
    user.damage(R"({"format":"stagger limits","version":1,"limits":{"x":{"none":{"m":{"kind":"speed"}}}}})");
    const auto got = run(user.batch(server));
    CHECK(got.code == 0);
    CHECK(says(got, "warn"));
    CHECK(says(got, user.file() + R"(: limits["x"]["none"]["m"].kind: must be one of rate, window)"));
    CHECK(user.entries().size() == 1);

    user.damage(R"({"format":"stagger limits","version":9})");
    const auto newer = run(user.batch(server));
    CHECK(newer.code == 0);
    CHECK(says(newer, "version: must be 1, is 9; it is left alone"));
    CHECK(newer.err.find("warn") == newer.err.rfind("warn"));
    CHECK(user.text() == R"({"format":"stagger limits","version":9})");
}

TEST_CASE("an entry that is not sound is warned of, and costs no other") {
    const remembering user;
    const limiting_server server;
    CHECK(run(user.batch(server)).code == 0);
    std::string text = user.text();
    const std::string limits = "\"limits\":{";
    text.insert(text.find(limits) + limits.size(), R"("x":{"none":{"m":{"kind":"speed"}}},)");
    user.damage(text);
    const auto listed = user.limits();
    CHECK(listed.code == 0);
    CHECK(says(listed, R"(left out: )" + user.file() + R"(: limits["x"]["none"]["m"].kind: must be one of)"));
    CHECK(user.entries().size() == 1);
    const auto got = run(user.batch(server));
    CHECK(got.code == 0);
    CHECK(says(got,
               R"(not remembered: )" + user.file() + R"(: limits["x"]["none"]["m"].kind: must be one of)"));
    CHECK(says(got, "remembered from"));
    CHECK(user.entries().size() == 1);
}

TEST_CASE("without a usable state folder there is one warning, and everything is sent") {
    const remembering user;
    const limiting_server server;
    auto setup = user.batch(server);
    SUBCASE("no variable names one") {
        setup.environment["XDG_STATE_HOME"] = "relative";
        const auto got = run(setup);
        CHECK(got.code == 0);
        CHECK(says(got, "warning: limits are not remembered: neither XDG_STATE_HOME nor HOME"));
        CHECK_FALSE(std::filesystem::exists("relative"));
    }
    SUBCASE("it cannot be made") {
        setup.environment["XDG_STATE_HOME"] = user.folder().write("taken", "");
        const auto got = run(setup);
        CHECK(got.code == 0);
        CHECK(got.err.find("warn") == got.err.rfind("warn"));
        CHECK(says(got, user.folder().path("taken") + "/stagger"));
    }
    SUBCASE("it is that of HOME") {
        setup.environment["XDG_STATE_HOME"] = "";
        setup.environment["HOME"] = user.folder().path("home");
        CHECK(run(setup).code == 0);
        CHECK(std::filesystem::exists(user.folder().path("home/.local/state/stagger/limits.json")));
    }
}

TEST_CASE("two runs at once do not lose each other's limits") {
    const remembering user;
    const limiting_server one;
    const limiting_server other;
    auto beside = user.batch(other);
    beside.arguments[3] = user.folder().path("beside");
    child first(user.batch(one));
    child second(beside);
    CHECK(first.wait().code == 0);
    CHECK(second.wait().code == 0);
    CHECK(user.entries().size() == 2);
}

TEST_CASE("limits are listed and forgotten") {
    const remembering user;
    CHECK(user.limits().code == 0);
    CHECK(user.limits().out.empty());
    CHECK(user.limits().err == "stagger: no limits are remembered\n");
    CHECK(user.limits({"--json"}).out.empty());
    user.damage(
        R"({"format":"stagger limits","version":1,"limits":{)"
        R"("http://a:80/v1":{"none":{"m1":{"kind":"rate","rate_per_s":50,"burst":10,"rejections":5,"learned_at":"2999-01-01T00:00:00Z"}}}}})");
    CHECK(user.limits().err == "stagger: no limits are remembered\n");  // of a time that has not come

    const limiting_server one;
    const limiting_server other;
    CHECK(run(user.batch(one)).code == 0);
    CHECK(run(user.batch(other)).code == 0);
    CHECK(run(user.batch(other, {}, "m2")).code == 0);
    const auto table = user.limits();
    CHECK(table.code == 0);
    CHECK(table.out.starts_with("ENDPOINT "));
    CHECK(table.out.find("LEARNED\n") != std::string::npos);
    CHECK(table.out.find(one.base_url()) != std::string::npos);
    CHECK(table.out.find("less than a minute ago\n") != std::string::npos);
    CHECK(user.entries().size() == 3);

    const auto missing = user.limits({"forget", "--model", "m3"});
    CHECK(missing.code == 1);
    CHECK(missing.err == "stagger: nothing of that is remembered\n");
    CHECK(user.limits({"forget", "--model", "m2"}).code == 0);
    CHECK(user.entries().size() == 2);
    CHECK(user.limits({"forget", "--endpoint", one.base_url() + "/", "--model", "m2"}).code == 1);
    CHECK(user.limits({"forget", "--endpoint", one.base_url() + "/", "--model", "m"}).code == 0);
    CHECK(user.entries().size() == 1);
    CHECK(user.limits({"forget", "--all"}).code == 0);
    CHECK(user.entries().empty());
    CHECK(user.limits({"forget", "--all"}).code == 1);
}

TEST_CASE("what cannot be listed or forgotten is said") {
    const remembering user;
    user.damage("garbage");
    for (const auto& arguments : {words{}, words{"--json"}, words{"forget", "--model", "m"}}) {
        const auto got = user.limits(arguments);
        CHECK(got.code == 3);
        CHECK(got.err.starts_with("stagger: " + user.file() + ": must be JSON, "));
    }
    CHECK(user.limits({"forget", "--all"}).code == 0);
    CHECK(user.limits().code == 0);
    for (const auto& arguments : {words{"forget"}, words{"forget", "--all", "--model", "m"}}) {
        const auto got = user.limits(arguments);
        CHECK(got.code == 2);
        CHECK(says(got, "say which, by --endpoint and --model, or --all"));
    }
    const auto no_url = user.limits({"forget", "--endpoint", "ftp://x"});
    CHECK(no_url.code == 2);
    CHECK(says(no_url, "--endpoint: base_url: must begin with http"));
}

TEST_CASE("a dry run tells how long the remembered limit makes a list last") {
    limiting_server server;
    const remembering user;
    CHECK(run(user.batch(server)).code == 0);
    REQUIRE(user.remembers());
    const auto got = run(user.batch(server, {"--dry-run"}));
    CHECK(got.code == 0);
    CHECK(got.out.find("/s remembered from ") != std::string::npos);
    const auto without = run(user.batch(server, {"--dry-run", "--no-remember"}));
    CHECK(without.out.find("unknown: neither --rpm nor --tpm is given, and no limit is remembered") !=
          std::string::npos);
}
