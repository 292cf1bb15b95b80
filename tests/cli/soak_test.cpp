// A batch through a proxy that loses, cuts and delays, with few descriptors, killed and continued: each
// prompt once, nothing asked again that was answered, memory and descriptors level.
//
// STAGGER_SOAK_SECONDS, STAGGER_SOAK_KILLS and STAGGER_SOAK_SEED set how long, how often it is killed, and
// what is drawn; tools/soak runs it at length.

#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <sstream>
#include <thread>
#include <utility>
#include <vector>

#include "cli/batch_command.hpp"
#include "cli/child.hpp"
#include "cli/fault_proxy.hpp"
#include "cli/servers.hpp"
#include "stagger/random.hpp"

namespace {

constexpr int killed = 1000 + SIGKILL;
constexpr double admitted_per_s = 150;
// What goes through at that pace with the faults below, a little less: the list then lasts as long as is
// asked for.
constexpr int prompts_per_s = 100;
// Fewer than connections are wanted: some cannot be opened.
#ifndef __SANITIZE_ADDRESS__
constexpr std::size_t descriptors = 40;
#else
// The undefined-behaviour sanitizer looks at an object through a pipe, and takes it for none where it cannot
// open one.
constexpr std::size_t descriptors = 400;
#endif
constexpr auto look_every = std::chrono::milliseconds(200);

int setting(const char* name, int usual) {
    const char* text = std::getenv(name);
    return text ? std::atoi(text) : usual;
}

/// What a process holds while it runs.
struct reading {
    std::size_t resident_kib = 0;
    std::size_t descriptors = 0;
};

/// Nothing once it has ended.
std::optional<reading> look_at(pid_t process) {
    const std::filesystem::path folder = "/proc/" + std::to_string(process);
    reading seen;
    std::ifstream status(folder / "status");
    for (std::string word; status >> word;) {
        if (word == "VmRSS:") status >> seen.resident_kib;
    }
    if (seen.resident_kib == 0) return std::nullopt;
    std::error_code gone;
    for (std::filesystem::directory_iterator each(folder / "fd", gone), end; !gone && each != end;
         each.increment(gone))
        ++seen.descriptors;
    return gone ? std::nullopt : std::optional(seen);
}

/// Of one thing that was read.
std::size_t median(std::vector<reading>::const_iterator from, std::vector<reading>::const_iterator to,
                   std::size_t reading::*what) {
    std::vector<std::size_t> values;
    std::transform(from, to, std::back_inserter(values), [what](const reading& each) { return each.*what; });
    std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2),
                     values.end());
    return values[values.size() / 2];
}

/// How often each id has a whole line.
std::map<std::string, int> recorded(const std::string& results) {
    std::map<std::string, int> found;
    std::istringstream lines(results.substr(0, results.rfind('\n') + 1));
    for (std::string line; std::getline(lines, line);) {
        const auto at = line.find("\"custom_id\":\"");
        REQUIRE(at != std::string::npos);
        const auto from = at + 13;
        ++found[line.substr(from, line.find('"', from) - from)];
    }
    return found;
}

/// One run of the command, watched until it ends or is killed.
class watched_run {
 public:
    explicit watched_run(const child_setup& setup) {
        // From its first moment on: by a shell that becomes it.
        child_setup bounded{
            "/bin/sh",
            {"-c", "ulimit -n " + std::to_string(descriptors) + " && exec \"$0\" \"$@\"", setup.program}};
        bounded.arguments.insert(bounded.arguments.end(), setup.arguments.begin(), setup.arguments.end());
        child_ = std::make_unique<child>(bounded);
    }

    /// @return its exit code, once it has ended by itself or is killed then
    int end_by(std::chrono::steady_clock::time_point end) {
        // Nothing is waited for: what is looked at is how it behaves over time.
        while (const auto seen = look_at(child_->id())) {
            seen_.push_back(*seen);
            if (std::chrono::steady_clock::now() >= end) child_->signal(SIGKILL);
            std::this_thread::sleep_for(look_every);
        }
        ended_ = child_->wait();
        return ended_.code;
    }

    const std::vector<reading>& seen() const { return seen_; }
    const outcome& ended() const { return ended_; }

 private:
    std::unique_ptr<child> child_;
    std::vector<reading> seen_;
    outcome ended_;
};

void check_level(const std::vector<reading>& seen) {
    // The first moments are for what a run sets up once.
    constexpr std::size_t enough = 40;
    if (seen.size() < enough) return;
    const auto third = static_cast<std::ptrdiff_t>(seen.size() / 3);
    const auto early_and_late = [&](std::size_t reading::*what) {
        return std::pair(median(seen.begin() + third / 2, seen.begin() + third, what),
                         median(seen.end() - third, seen.end(), what));
    };
    const auto [early, late] = early_and_late(&reading::resident_kib);
    const auto [few, many] = early_and_late(&reading::descriptors);
    MESSAGE("resident: " << early << " KiB early, " << late << " KiB late; descriptors: " << few << " and "
                         << many);
    constexpr std::size_t noise_descriptors = 8;  // of connections that come and go
    CHECK(many <= few + noise_descriptors);
    constexpr std::size_t noise_kib = 2048;
    CHECK(late <= early + early / 10 + noise_kib);
}

}  // namespace

TEST_CASE("soak: through every fault each prompt is answered once, and memory and descriptors stay level") {
    const int seconds = setting("STAGGER_SOAK_SECONDS", 5);
    const int kills = setting("STAGGER_SOAK_KILLS", 1);
    const auto seed =
        static_cast<std::uint64_t>(setting("STAGGER_SOAK_SEED", int(std::random_device()() >> 1)));
    CAPTURE(seed);
    const int prompts = seconds * prompts_per_s;
    const temporary_folder folder;
    const auto list = folder.write("prompts", numbered_prompts(prompts));
    const throttled_server server(
        R"([{"kind":"token_bucket","rate_per_s":)" + std::to_string(admitted_per_s) + R"(,"burst":20}])",
        R"({"kind":"lognormal","mean_s":0.05,"sigma":0.5})");
    const fault_shares shares{
        .reset = 0.01, .lost = 0.02, .cut = 0.02, .silent = 0.005, .sliced = 0.1, .failed = 0.02};
    fault_proxy proxy(server.port_number(), shares, seed);
    const auto setup = batch(proxy.base_url(), list, folder.path("out"),
                             {"--max-concurrency", "48", "--timeout", "2s", "--no-remember", "--max-attempts",
                              "0", "--progress", "off"});

    stagger::random_source random(seed + 1);
    std::vector<unsigned> asked_when_recorded;
    int done = 0;
    for (int run = 0;; ++run) {
        const bool is_last = done >= kills;
        const auto life = std::chrono::milliseconds(
            static_cast<int>(1000.0 * seconds / (kills + 1) * 1.4 * random.uniform()));
        const auto end =
            is_last ? std::chrono::steady_clock::time_point::max() : std::chrono::steady_clock::now() + life;
        watched_run running(setup);
        const int code = running.end_by(end);
        CAPTURE(running.ended().err);
        REQUIRE((code == killed || code == 0));
        check_level(running.seen());
        if (code == 0) break;
        ++done;
        // Whoever had the answers that were not written yet is gone.
        proxy.forget_answers();
        const auto asked = proxy.now().asked;
        asked_when_recorded.resize(static_cast<std::size_t>(prompts) + 1);
        if (!std::filesystem::exists(folder.path("out"))) continue;
        for (const auto& [id, lines] : recorded(folder.read("out"))) {
            const auto number = std::stoul(id.substr(id.find('-') + 1));
            if (asked_when_recorded[number] == 0) asked_when_recorded[number] = asked[number];
        }
    }

    const auto books = proxy.now();
    MESSAGE(prompts << " prompts, " << books.faults << " faults, killed " << done << " times");
    CHECK(books.faults > 0);
    CHECK_MESSAGE(books.repeated.empty(), books.repeated.size() << " were asked again after a whole answer");
    std::size_t again = 0;
    for (std::size_t number = 0; number < asked_when_recorded.size(); ++number)
        again += asked_when_recorded[number] != 0 && books.asked[number] != asked_when_recorded[number];
    CHECK_MESSAGE(again == 0, again << " were asked again although they were recorded");
    const auto results = recorded(folder.read("out"));
    CHECK(results.size() == static_cast<std::size_t>(prompts));
    CHECK(std::all_of(results.begin(), results.end(), [](const auto& each) { return each.second == 1; }));
}
