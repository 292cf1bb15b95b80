// The command lines of docs/fleet.md's manifests, run as they stand but for paths and addresses.

#include <doctest/doctest.h>

#include <signal.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "cli/batch_command.hpp"
#include "cli/redis_server.hpp"
#include "cli/servers.hpp"

namespace {

using words = std::vector<std::string>;

std::string page() {
    std::ifstream file(FLEET_PAGE, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void replace_all(std::string& text, const std::string& what, const std::string& by) {
    for (auto at = text.find(what); at != text.npos; at = text.find(what, at + by.size()))
        text.replace(at, what.size(), by);
}

/// What stands between fences in a section, in order.
std::vector<std::string> blocks_of(const std::string& heading) {
    std::istringstream lines(page());
    std::vector<std::string> found;
    bool is_inside = false;
    bool is_block = false;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("```")) {
            is_block = !is_block;
            if (is_block && is_inside) found.emplace_back();
        } else if (is_block) {
            if (is_inside) found.back() += line + "\n";
        } else if (line.starts_with("#")) {
            is_inside = line == heading;
        }
    }
    if (found.empty()) throw std::runtime_error("docs/fleet.md has nothing under " + heading);
    return found;
}

/// A list, a server, a store, and a folder in the place of the page's.
struct deployment {
    deployment()
        : server(R"([{"kind":"token_bucket","rate_per_s":1000,"burst":1000}])",
                 R"({"kind":"constant","mean_s":0})", "sesame") {
        folder.write("prompts.jsonl", jsonl());
        std::filesystem::create_symlink(STAGGER_COMMAND, folder.path("stagger"));
        const auto srun = folder.write("srun", "#!/bin/sh\nexec \"$@\"\n");
        std::filesystem::permissions(srun, std::filesystem::perms::owner_all);
    }

    static std::string jsonl() {
        std::string text;
        for (int each = 0; each < prompts; ++each)
            text += R"({"id":")" + std::to_string(each) + R"(","prompt":"hello"})" + "\n";
        return text;
    }
    std::string here(std::string text) const {
        replace_all(text, "/data/", folder.path(""));
        replace_all(text, "https://api.example.com/v1", server.base_url());
        replace_all(text, "/usr/bin/stagger", STAGGER_COMMAND);
        return text;
    }
    child_setup command(words all) const {
        for (std::string& each : all) each = here(each);
        child_setup setup{all.front() == "stagger" ? STAGGER_COMMAND : "/bin/" + all.front(), {}};
        if (all.front() == STAGGER_COMMAND) setup.program = STAGGER_COMMAND;
        setup.arguments.assign(all.begin() + 1, all.end());
        setup.environment["PATH"] = folder.path("") + ":/usr/bin:/bin";
        setup.environment["STAGGER_FLEET_URL"] = store.url();
        setup.environment["OPENAI_API_KEY"] = "sesame";
        return setup;
    }
    std::size_t results(const std::string& name) const {
        const auto text = folder.read(name);
        return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    }

    static constexpr int prompts = 40;
    temporary_folder folder;
    throttled_server server;
    redis_server store;
};

/// The `command:` of each container.
std::vector<words> commands_in(const std::string& manifest) {
    std::vector<words> found;
    std::istringstream lines(manifest);
    const std::string before = "command: ";
    for (std::string line; std::getline(lines, line);) {
        const auto at = line.find(before);
        if (at == line.npos) continue;
        found.emplace_back();
        const boost::json::value list = boost::json::parse(line.substr(at + before.size()));
        for (const auto& each : list.as_array()) found.back().emplace_back(each.as_string());
    }
    return found;
}

bool is_skipped() {
    if (redis_server::is_installed()) return false;
    MESSAGE("skipped: neither redis-server nor valkey-server is installed");
    return true;
}

void check_done(child& one) {
    const auto got = one.wait();
    CHECK_MESSAGE(got.code == 0, got.err);
}

}  // namespace

TEST_CASE("docs/fleet.md's Kubernetes manifests: a feeder and a worker, and shards") {
    if (is_skipped()) return;
    const auto manifests = blocks_of("### Kubernetes");
    REQUIRE(manifests.size() == 2);
    const auto of_job = commands_in(manifests[0]);
    REQUIRE(of_job.size() == 2);
    const deployment all;
    child feeder(all.command(of_job[0]));
    child worker(all.command(of_job[1]));
    check_done(feeder);
    check_done(worker);
    CHECK(all.results("results.jsonl") == deployment::prompts);

    const auto shards = commands_in(manifests[1]);
    REQUIRE(shards.size() == 1);
    auto one = all.command(shards[0]);
    std::size_t answered = 0;
    for (const std::string index : {"0", "7"}) {
        one.environment["JOB_COMPLETION_INDEX"] = index;
        child shard(one);
        check_done(shard);
        answered += all.results("part-" + index + ".jsonl");
    }
    CHECK(answered == 2 * deployment::prompts / 8);
}

TEST_CASE("docs/fleet.md's Kubernetes jobs are done although a prompt has failed, but not without a key") {
    if (is_skipped()) return;
    const auto manifests = blocks_of("### Kubernetes");
    const auto of_job = commands_in(manifests.at(0));
    const deployment all;
    all.folder.write("prompts.jsonl", deployment::jsonl() + "no JSON\n");
    child feeder(all.command(of_job.at(0)));
    child worker(all.command(of_job.at(1)));
    check_done(feeder);
    check_done(worker);
    CHECK(all.results("results.jsonl") == deployment::prompts + 1);

    auto shard = all.command(commands_in(manifests.at(1)).at(0));
    shard.environment["JOB_COMPLETION_INDEX"] = "0";  // has the last line of 41
    child done(shard);
    check_done(done);
    CHECK(all.results("part-0.jsonl") == deployment::prompts / 8 + 1);
    shard.environment["JOB_COMPLETION_INDEX"] = "1";
    shard.environment["OPENAI_API_KEY"] = "wrong";
    CHECK(run(shard).code != 0);
}

TEST_CASE("docs/fleet.md's Kubernetes feeder that is to stop does so, and is to be started again") {
    if (is_skipped()) return;
    const deployment all;
    child feeder(all.command(commands_in(blocks_of("### Kubernetes").at(0)).at(0)));
    while (all.store.ask("EXISTS stagger:{job:tonight}:items").find('1') == std::string::npos)
        std::this_thread::yield();
    feeder.signal(SIGTERM);
    const auto got = feeder.wait();
    CHECK(got.code != 0);
    CHECK_MESSAGE(got.err.find("the same command continues") != std::string::npos, got.err);
}

TEST_CASE("docs/fleet.md's Slurm scripts: a job, and an array") {
    if (is_skipped()) return;
    const auto scripts = blocks_of("### Slurm");
    REQUIRE(scripts.size() == 2);
    const deployment all;
    child job(all.command({"sh", "-c", scripts[0]}));
    check_done(job);
    CHECK(all.results("results.jsonl") == deployment::prompts);
    auto array = all.command({"sh", "-c", scripts[1]});
    array.environment["SLURM_ARRAY_TASK_ID"] = "3";
    child task(array);
    check_done(task);
    CHECK(all.results("part-3.jsonl") == deployment::prompts / 8);
}

TEST_CASE("docs/fleet.md's systemd unit starts a worker") {
    if (is_skipped()) return;
    const auto unit = blocks_of("### systemd").at(0);
    const std::string before = "ExecStart=";
    auto line = unit.substr(unit.find(before) + before.size());
    line.resize(line.find('\n'));
    replace_all(line, "%i", "tonight");
    std::istringstream text(line);
    const deployment all;
    child worker(all.command({std::istream_iterator<std::string>(text), {}}));
    worker.await_error("nobody feeds it yet");
    child feeder(all.command(commands_in(blocks_of("### Kubernetes")[0]).at(0)));
    check_done(feeder);
    check_done(worker);
}
