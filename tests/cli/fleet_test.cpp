// Processes that share a limit over a real store.

#include <doctest/doctest.h>

#include <signal.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <sstream>
#include <thread>
#include <vector>

#include "cli/batch_command.hpp"
#include "cli/redis_server.hpp"
#include "cli/servers.hpp"
#include "fleet/fleet_metrics.hpp"
#include "fleet/fleet_status.hpp"

namespace {

const std::string at_once = R"({"kind":"constant","mean_s":0})";

bool has_store() {
    if (redis_server::is_installed()) return true;
    MESSAGE("skipped: neither redis-server nor valkey-server is installed");
    return false;
}

std::string bucket(int per_s) {
    return R"([{"kind":"token_bucket","rate_per_s":)" + std::to_string(per_s) + R"(,"burst":)" +
           std::to_string(per_s) + "}]";
}

std::vector<std::string> in_words(const std::string& line) {
    std::istringstream text(line);
    return {std::istream_iterator<std::string>(text), {}};
}

/// Batches at one server, each a process of its own.
struct fixture {
    explicit fixture(const std::string& limits, std::vector<std::string> store_options = {})
        : server(limits, at_once), store(std::move(store_options)) {}

    std::unique_ptr<child> member(int number, int prompts, std::vector<std::string> options = {}) {
        const auto name = std::to_string(number);
        const auto list = folder.write("list" + name, numbered_prompts(prompts));
        options.insert(options.end(), {"--fleet", store.url(), "--no-remember", "--progress", "off"});
        return std::make_unique<child>(batch(server.base_url(), list, folder.path("out" + name), options));
    }
    std::size_t answered(int number) const {
        const auto text = folder.read("out" + std::to_string(number));
        return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    }
    /// Returns once the server has accepted so many requests.
    void await_accepted(std::size_t count) const {
        while (server.stat("accepted") < count) std::this_thread::yield();
    }

    temporary_folder folder;
    throttled_server server;
    redis_server store;
};

}  // namespace

// How little is refused hangs on the machine's speed: tests/sim shows it in virtual time.
TEST_CASE("four processes at one server share its limit, and all is answered") {
    if (!has_store()) return;
    fixture all(bucket(50));
    std::vector<std::unique_ptr<child>> members;
    for (int each = 0; each < 4; ++each) members.push_back(all.member(each, 100));
    std::string shown;
    while (shown.find("\"processes\":4,") == std::string::npos) {
        const auto status = run({STAGGER_COMMAND, {"fleet", "status", "--fleet", all.store.url(), "--json"}});
        REQUIRE_MESSAGE(status.code == 0, status.err);
        shown = status.out;
        REQUIRE(all.server.stat("accepted") < 400);
    }
    for (int each = 0; each < 4; ++each) {
        const auto got = members[static_cast<std::size_t>(each)]->wait();
        CHECK_MESSAGE(got.code == 0, got.err);
        CHECK(all.answered(each) == 100);
    }
    CHECK(all.server.stat("accepted") == 400);
    // What was learned is kept, and everything that is kept expires.
    const auto keys = all.store.ask("KEYS *");
    CHECK(keys.find("}:limits") != std::string::npos);
    CHECK(all.store
              .ask("EVAL \"for _, k in ipairs(redis.call('KEYS', '*')) do if redis.call('PTTL', k) < 0 then "
                   "return 'stays' end end return 'none'\" 0")
              .find("none") != std::string::npos);
}

TEST_CASE("the leader is killed: another leads, and the others' work is done") {
    if (!has_store()) return;
    fixture all(bucket(100));
    std::vector<std::unique_ptr<child>> members;
    members.push_back(all.member(0, 2000));
    all.await_accepted(10);  // it leads by now
    for (int each = 1; each < 4; ++each) members.push_back(all.member(each, 200));
    all.await_accepted(400);  // the limit is measured by now
    members[0]->signal(SIGKILL);
    for (int each = 1; each < 4; ++each) {
        const auto got = members[static_cast<std::size_t>(each)]->wait();
        CHECK_MESSAGE(got.code == 0, got.err);
        CHECK(all.answered(each) == 200);
    }
}

TEST_CASE("the store is gone and comes back empty: each goes on, says so once, and rejoins") {
    if (!has_store()) return;
    fixture all(bucket(100));
    auto first = all.member(0, 600);
    auto second = all.member(1, 600);
    all.await_accepted(100);
    all.store.kill();
    first->await_error("on its own at ");
    second->await_error("on its own at ");
    all.await_accepted(all.server.stat("accepted") + 40);
    all.store.start_again();
    first->await_error("fleet: rejoined");
    second->await_error("fleet: rejoined");
    for (child* each : {first.get(), second.get()}) {
        const auto got = each->wait();
        CHECK_MESSAGE(got.code == 0, got.err);
        CHECK(got.err.find("on its own at ") == got.err.rfind("on its own at "));
    }
    CHECK(all.server.stat("accepted") == 1200);
}

TEST_CASE("where no store is, a process says what is wrong, and works by itself") {
    if (!has_store()) return;
    fixture all(bucket(50));
    all.store.kill();
    const auto got = all.member(0, 60)->wait();
    CHECK(got.code == 0);
    CHECK_MESSAGE(got.err.find("fleet: redis at 127.0.0.1:") != std::string::npos, got.err);
    CHECK(got.err.find("Connection refused") != std::string::npos);
    CHECK(got.err.find("nothing heard of it for 1.0 s: on its own") != std::string::npos);
    CHECK(all.answered(0) == 60);
}

TEST_CASE("a user with the rights that docs/fleet.md names is enough; a password comes from a file") {
    if (!has_store()) return;
    fixture all(
        bucket(50),
        in_words(
            "--user default off --user fleet on >secret resetkeys ~stagger:* resetchannels &stagger:* -@all "
            "+ping +select +publish +subscribe +unsubscribe +eval +pubsub +exists +time +set +get "
            "+pexpire +scan +hlen +zcount +xlen +hmget"));
    const auto url = "redis://fleet@127.0.0.1:" + std::to_string(all.store.port());
    const auto password = all.folder.write("password", "secret\n");
    const auto list = all.folder.write("list", numbered_prompts(60));
    child one(batch(all.server.base_url(), list, all.folder.path("out0"),
                    {"--fleet", url, "--fleet-password-file", password, "--no-remember"}));
    all.await_accepted(20);
    child_setup status{STAGGER_COMMAND, {"fleet", "status", "--fleet", url, "--json"}};
    status.environment["STAGGER_FLEET_PASSWORD"] = "secret";
    const auto shown = run(status);
    const auto got = one.wait();
    CHECK_MESSAGE(got.code == 0, got.err);
    CHECK_MESSAGE(got.err.find("fleet: ") == std::string::npos, got.err);
    CHECK_MESSAGE(shown.code == 0, shown.err);
    CHECK(shown.out.starts_with("{\"endpoint\":\"http://127.0.0.1:"));
    CHECK(shown.out.find("\"model\":\"m\",\"processes\":") != std::string::npos);
    status.arguments.back() = "--metrics";
    const auto metrics = run(status);
    CHECK_MESSAGE(metrics.code == 0, metrics.err);
    CHECK(metrics.out.find("# TYPE ") != std::string::npos);

    status.environment["STAGGER_FLEET_PASSWORD"] = "wrong";
    const auto refused = run(status);
    CHECK(refused.code == 4);
    CHECK_MESSAGE(refused.err.find("refused the password of user fleet") != std::string::npos, refused.err);
    CHECK(refused.err.find("wrong") == std::string::npos);
}

TEST_CASE("a right that is missing is named once, and the work goes on") {
    if (!has_store()) return;
    fixture all(
        bucket(50),
        in_words("--user default on nopass resetkeys ~stagger:* resetchannels &stagger:* +@all -eval"));
    const auto got = all.member(0, 60)->wait();
    CHECK(got.code == 0);
    CHECK_MESSAGE(got.err.find("lacks a right: NOPERM") != std::string::npos, got.err);
    CHECK(got.err.find("lacks a right") == got.err.rfind("lacks a right"));
    CHECK(all.answered(0) == 60);
}

TEST_CASE("what cannot be shared, and what does not belong on a command line, is refused") {
    const auto refused = [](const std::vector<std::string>& options) {
        const auto got = run(batch("http://127.0.0.1:9/v1", "list", "out", options));
        CHECK(got.code == 2);
        return got.err;
    };
    CHECK(refused({"--fleet", "http://host"}).find("--fleet: must begin with redis://") != std::string::npos);
    const auto secret = refused({"--fleet", "redis://me:hush@host"});
    CHECK(secret.find("a password does not belong on the command line") != std::string::npos);
    CHECK(secret.find("hush") == std::string::npos);
    CHECK(refused({"--fleet", "redis://host", "--tpm", "5"}).find("beside --tpm") != std::string::npos);
    CHECK(refused({"--fleet", "redis://host", "--policy", "aimd"}).find("--policy aimd") !=
          std::string::npos);
    CHECK(refused({"--fleet", "redis://host", "--fleet-prefix", "a b"}).find("prefix: must be") !=
          std::string::npos);
    const auto got = run({STAGGER_COMMAND, {"fleet", "status"}});
    CHECK(got.code == 2);
    CHECK(got.err.find("no fleet: give --fleet") != std::string::npos);
}

TEST_CASE("what a leader writes down about its limit is read back; anything else is refused") {
    const auto found = app::parse_shared_limit("8 heartbeat 1790 100 5 ride 1 0\nhttps://host:443/v1\nm");
    CHECK(found.processes == 8);
    CHECK(found.active == 5);
    CHECK(found.per_s == 100);
    CHECK(found.is_measured);
    CHECK(found.endpoint == "https://host:443/v1");
    CHECK(found.model == "m");
    for (const char* wrong : {"", "x", "8", "8 ", "8 slots 1", "8 heartbeat"})
        CHECK_THROWS_AS(app::parse_shared_limit(wrong), std::invalid_argument);
}

TEST_CASE("the beginning of the hash in a limit's keys tells it apart from others") {
    CHECK(app::limit_id("stagger:{0123456789abcdef0123456789abcdef}:state") == "01234567");
    CHECK(app::limit_id("a{b}c:{89abcdef0123456789abcdef01234567}:state") == "89abcdef");
    CHECK(app::limit_id("stagger:{0123}:state") == "0123");
    CHECK(app::limit_id("stagger:state").empty());
    CHECK(app::limit_id("}stagger{").empty());
}

TEST_CASE("limits and jobs are metrics, each with its labels, and a name stands once with its help") {
    std::vector<app::shared_limit> limits(3);
    limits[0].id = "0123abcd";
    limits[0].endpoint = "https://host:443/v1";
    limits[0].model = "a \"model\"";
    limits[0].processes = 8;
    limits[0].active = 4;
    limits[0].per_s = 100;
    limits[0].is_measured = true;
    limits[1].id = "4567ef01";
    limits[1].endpoint = "https://other:443/v1";
    limits[1].mode = stagger::coordinator_mode::closed;
    // Of another API key.
    limits[2] = limits[0];
    limits[2].id = "89ab2345";
    limits[2].processes = 6;
    app::job_status job;
    job.name = "tonight";
    job.waiting = 3;
    job.workers = 2;
    job.taken_over = 5;
    const auto text = app::format_fleet_metrics(limits, {job});
    const auto has = [&text](const std::string& line) {
        CHECK_MESSAGE(text.find(line + "\n") != std::string::npos, line, " in ", text);
    };
    const auto of_host = [](const std::string& id) {
        return R"({endpoint="https://host:443/v1",limit=")" + id + R"(",model="a \"model\""} )";
    };
    const auto first = of_host("0123abcd");
    has("# TYPE stagger_fleet_processes gauge");
    has("stagger_fleet_processes" + first + "8");
    has("stagger_fleet_processes" + of_host("89ab2345") + "6");
    has("stagger_fleet_active_processes" + first + "4");
    has("stagger_fleet_share_per_second" + first + "25");
    has("stagger_fleet_limit_measured" + first + "1");
    has("stagger_fleet_closed" + first + "0");
    has("stagger_fleet_closed{endpoint=\"https://other:443/v1\",limit=\"4567ef01\",model=\"\"} 1");
    has("stagger_job_open{job=\"tonight\"} 1");
    has("stagger_job_waiting{job=\"tonight\"} 3");
    has("# TYPE stagger_job_taken_over_total counter");
    has("stagger_job_taken_over_total{job=\"tonight\"} 5");
    CHECK(text.find("stagger_job_left") == std::string::npos);  // not known
    CHECK(text.find("# HELP stagger_fleet_processes") == text.rfind("# HELP stagger_fleet_processes"));
}
