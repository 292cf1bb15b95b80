// A batch that is killed at random moments, and continued each time by the same command.
//
// STAGGER_KILLS and STAGGER_KILL_PROMPTS set how often, and how long the list is; tools/kill_test runs it at
// length.

#include <doctest/doctest.h>
#include <signal.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cstdlib>
#include <map>
#include <random>
#include <sstream>
#include <thread>

#include "cli/asked_prompts.hpp"
#include "cli/batch_command.hpp"
#include "cli/child.hpp"
#include "cli/servers.hpp"
#include "stagger/random.hpp"

namespace {

// A run gets time for twice its share of the list at most, so that the last kill meets a list not quite done.
constexpr auto longest_life_a_prompt = std::chrono::microseconds(2000);
constexpr int killed = 1000 + SIGKILL;

int setting(const char* name, int usual) {
    const char* text = std::getenv(name);
    return text ? std::atoi(text) : usual;
}

/// Status and body of each id; more than one where an id has several lines.
std::map<std::string, std::vector<std::string>> answers(const std::string& results) {
    std::map<std::string, std::vector<std::string>> found;
    std::istringstream lines(results.substr(0, results.rfind('\n') + 1));
    for (std::string line; std::getline(lines, line);) {
        const auto result = boost::json::parse(line);
        const auto& response = result.at("response");
        found[result.at("custom_id").as_string().c_str()].push_back(
            boost::json::serialize(response.at("status_code")) + boost::json::serialize(response.at("body")));
    }
    return found;
}

}  // namespace

TEST_CASE("killed at any moment: each prompt answered once, and nothing recorded is asked again") {
    const int kills = setting("STAGGER_KILLS", 8);
    const int prompts = setting("STAGGER_KILL_PROMPTS", 1000);
    const auto seed =
        static_cast<std::uint64_t>(setting("STAGGER_KILL_SEED", int(std::random_device()() >> 1)));
    CAPTURE(seed);
    const temporary_folder folder;
    const auto list = folder.write("prompts", numbered_prompts(prompts));
    const auto log = folder.path("asked");
    const throttled_server server(R"([{"kind":"token_bucket","rate_per_s":900,"burst":20}])",
                                  R"({"kind":"lognormal","mean_s":0.02,"sigma":0.5})", "",
                                  {"--repeatable", "--request-log", log});
    // A little faster than the server admits, so that some are rejected and wait when the end comes.
    const std::vector<std::string> options{"--max-concurrency", "32", "--no-remember", "--rpm", "60000"};
    REQUIRE(run(batch(server.base_url(), list, folder.path("whole"), options)).code == 0);

    stagger::random_source random(seed);
    const auto setup = batch(server.base_url(), list, folder.path("out"), options);
    std::map<std::string, int> asked_when_recorded;
    int done = 0;
    for (; done < kills; ++done) {
        child running(setup);
        // Nothing is waited for: the moment of the kill is what is drawn.
        std::this_thread::sleep_for(longest_life_a_prompt * (prompts / kills) * random.uniform());
        running.signal(SIGKILL);
        const auto ended = running.wait();
        CAPTURE(ended.err);
        REQUIRE((ended.code == killed || ended.code == 0));
        if (ended.code == 0) break;
        if (!std::filesystem::exists(folder.path("out"))) continue;
        const auto counts = asked(folder.read("asked"));
        for (const auto& [id, lines] : answers(folder.read("out"))) {
            asked_when_recorded.emplace(id, counts.at(prompt_of(id)));
        }
    }
    MESSAGE("killed " << done << " times, " << asked_when_recorded.size() << " recorded by then");
    CHECK(run(setup).code == 0);

    const auto counts = asked(folder.read("asked"));
    for (const auto& [id, count] : asked_when_recorded) CHECK_MESSAGE(counts.at(prompt_of(id)) == count, id);
    const auto whole = answers(folder.read("whole"));
    const auto pieces = answers(folder.read("out"));
    CHECK(whole.size() == static_cast<std::size_t>(prompts));
    CHECK(pieces.size() == whole.size());
    for (const auto& [id, lines] : pieces) {
        CHECK_MESSAGE(lines.size() == 1, id);
        CHECK_MESSAGE(lines == whole.at(id), id);
    }
}
