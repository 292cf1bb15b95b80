// One list for many processes: feeder, workers, and a real store between them.

#include <doctest/doctest.h>

#include <signal.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <sstream>
#include <thread>
#include <vector>

#include "cli/batch_command.hpp"
#include "cli/redis_server.hpp"
#include "cli/servers.hpp"
#include "fleet/job_status.hpp"

namespace {

bool has_store_for_jobs() {
    if (redis_server::is_installed()) return true;
    MESSAGE("skipped: neither redis-server nor valkey-server is installed");
    return false;
}

const std::string no_limit = R"([{"kind":"token_bucket","rate_per_s":1000,"burst":1000}])";
const std::string a_fifth_of_a_second = R"({"kind":"constant","mean_s":0.2})";

/// A job named "j", its feeder, and workers at one server.
struct job_fixture {
    explicit job_fixture(int count, std::vector<std::string> store_options = {})
        : prompts(count),
          server(no_limit, a_fifth_of_a_second, "sesame"),
          store(std::move(store_options)),
          list(folder.write("list", numbered_prompts(count))) {
        url = store.url();
    }

    child_setup feeder(const std::string& results, const std::vector<std::string>& options = {}) const {
        child_setup setup{STAGGER_COMMAND,
                          {"batch", list, "-o", folder.path(results), "--model", "m", "--fleet", url, "--job",
                           "j", "--progress", "off"}};
        setup.arguments.insert(setup.arguments.end(), options.begin(), options.end());
        return setup;
    }
    child_setup worker(const std::vector<std::string>& options = {}) const {
        child_setup setup{STAGGER_COMMAND,
                          {"worker", "--fleet", url, "--job", "j", "--base-url", server.base_url(),
                           "--no-remember", "--progress", "off", "-j", "16"}};
        setup.arguments.insert(setup.arguments.end(), options.begin(), options.end());
        setup.environment["OPENAI_API_KEY"] = "sesame";
        return setup;
    }
    void await_accepted(std::size_t count) const {
        while (server.stat("accepted") < count) std::this_thread::yield();
    }
    /// How often each id has a result.
    std::map<std::string, int> ids(const std::string& results) const {
        std::map<std::string, int> found;
        std::istringstream text(folder.read(results));
        for (std::string line; std::getline(text, line);) {
            const std::string before = "\"custom_id\":\"";
            const auto begin = line.find(before) + before.size();
            ++found[line.substr(begin, line.find('"', begin) - begin)];
        }
        return found;
    }
    void check_each_once(const std::string& results) const {
        const auto found = ids(results);
        CHECK(found.size() == static_cast<std::size_t>(prompts));
        for (const auto& [id, times] : found) {
            CAPTURE(id);
            CHECK(times == 1);
        }
    }

    int prompts;
    temporary_folder folder;
    throttled_server server;
    redis_server store;
    std::string list;
    std::string url;
};

const std::string values_of_all_keys =
    "EVAL \"local all = '' for _, k in ipairs(redis.call('KEYS', '*')) do local t = redis.call('TYPE', k).ok "
    "if t == 'string' then all = all .. redis.call('GET', k) "
    "elseif t == 'hash' then all = all .. table.concat(redis.call('HVALS', k), ' ') "
    "elseif t == 'stream' then for _, e in ipairs(redis.call('XRANGE', k, '-', '+')) do all = all .. "
    "table.concat(e[2], ' ') end end end if string.find(all, 'sesame', 1, true) then return 'told' end "
    "return "
    "'untold:' .. #all\" 0";

const std::string what_stays =
    "EVAL \"for _, k in ipairs(redis.call('KEYS', '*')) do if redis.call('PTTL', k) < 0 then return 'stays ' "
    ".. k end end return 'none'\" 0";

}  // namespace

TEST_CASE(
    "a job: a worker is killed, the feeder too, and the store comes back empty; each id has one result") {
    if (!has_store_for_jobs()) return;
    job_fixture all(700);
    auto feeder = std::make_unique<child>(all.feeder("out"));
    std::vector<std::unique_ptr<child>> workers;
    for (int each = 0; each < 3; ++each) workers.push_back(std::make_unique<child>(all.worker()));
    all.await_accepted(100);
    workers[0]->signal(SIGKILL);
    workers[0] = std::make_unique<child>(all.worker());
    all.await_accepted(200);
    feeder->signal(SIGKILL);
    feeder->wait();
    feeder = std::make_unique<child>(all.feeder("out"));
    all.await_accepted(300);
    all.store.kill();
    all.store.start_again();
    all.await_accepted(600);
    CHECK(all.store.ask(values_of_all_keys).find("untold:") != std::string::npos);
    CHECK(all.store.ask(what_stays).find("none") != std::string::npos);
    const auto got = feeder->wait();
    CHECK_MESSAGE(got.code == 0, got.err);
    CHECK_MESSAGE(got.err.find("the store is back") != std::string::npos, got.err);
    all.check_each_once("out");
    for (auto& each : workers) {
        const auto ended = each->wait();
        CHECK_MESSAGE(ended.code == 0, ended.err);
    }
    const auto again = all.server.stat("accepted") - 700;
    MESSAGE(again, " asked again");
    // The job is over, and says so for a while.
    child_setup status{STAGGER_COMMAND, {"fleet", "status", "--fleet", all.url, "--json"}};
    const auto shown = run(status);
    CHECK(shown.out.find(R"({"job":"j","state":"done","dialect":"openai-chat","model":"m","waiting":0)") !=
          std::string::npos);
    CHECK(all.store.ask(what_stays).find("none") != std::string::npos);
}

TEST_CASE(
    "a worker that is asked to stop finishes or gives back what it holds, and another goes on at once") {
    if (!has_store_for_jobs()) return;
    job_fixture all(120);
    child first(all.worker());
    first.await_error("nobody feeds it yet");
    child feeder(all.feeder("out"));
    all.await_accepted(20);
    first.signal(SIGINT);
    const auto stopped = first.wait();
    CHECK_MESSAGE(stopped.code == 130, stopped.err);
    child second(all.worker());
    const auto got = feeder.wait();
    CHECK_MESSAGE(got.code == 0, got.err);
    CHECK(second.wait().code == 0);
    all.check_each_once("out");
    CHECK(all.server.stat("accepted") == 120);
    // Another worker that comes too late is told so.
    const auto late = run(all.worker());
    CHECK(late.code == 0);
    CHECK(late.err.find("job j is done already") != std::string::npos);
}

TEST_CASE("a feeder that is asked to stop takes back what nobody has; the same command continues") {
    if (!has_store_for_jobs()) return;
    job_fixture all(200);
    child feeder(all.feeder("out", {"--fsync", "always"}));
    child worker(all.worker());
    all.await_accepted(30);
    feeder.signal(SIGINT);
    const auto stopped = feeder.wait();
    CHECK_MESSAGE(stopped.code == 130, stopped.err);
    const auto before = all.ids("out").size();
    CHECK(before >= 30);
    CHECK(before < 200);
    child again(all.feeder("out"));
    const auto got = again.wait();
    CHECK_MESSAGE(got.code == 0, got.err);
    CHECK(worker.wait().code == 0);
    all.check_each_once("out");
    CHECK(all.server.stat("accepted") == 200);
}

TEST_CASE("a user with the rights that docs/fleet.md names for jobs is enough") {
    if (!has_store_for_jobs()) return;
    const std::string rights =
        "--user default off --user fleet on >secret resetkeys ~stagger:* resetchannels &stagger:* -@all "
        "+ping +select +publish +subscribe +unsubscribe +eval +pubsub +exists +time +set +get +pexpire +scan "
        "+hlen +zcount +xlen +hmget +expire +hget +hset +hsetnx +hexists +hdel +hgetall +hincrby +lpush "
        "+rpush "
        "+lpop +lindex +zadd +zrem +zscore +zrangebyscore +xadd +xrange +xdel +sadd +srem +del +unlink";
    std::istringstream words(rights);
    job_fixture all(60, {std::istream_iterator<std::string>(words), {}});
    all.url = "redis://fleet@127.0.0.1:" + std::to_string(all.store.port());
    auto feeding = all.feeder("out");
    auto working = all.worker();
    feeding.environment["STAGGER_FLEET_PASSWORD"] = "secret";
    working.environment["STAGGER_FLEET_PASSWORD"] = "secret";
    child feeder(feeding);
    child worker(working);
    const auto got = feeder.wait();
    CHECK_MESSAGE(got.code == 0, got.err);
    const auto done = worker.wait();
    CHECK_MESSAGE(done.code == 0, done.err);
    CHECK_MESSAGE(done.err.find("lacks a right") == std::string::npos, done.err);
    all.check_each_once("out");
}

TEST_CASE("what is wrong with a job is said in one line: a dialect, a right, a second feeder, no store") {
    if (!has_store_for_jobs()) return;
    job_fixture all(20);
    child feeder(all.feeder("out"));
    // The first feeder is there once its job is.
    while (all.store.ask("EXISTS stagger:{job:j}:feeder").find('1') == std::string::npos)
        std::this_thread::yield();
    const auto second = run(all.feeder("other"));
    CHECK(second.code == 4);
    CHECK_MESSAGE(second.err.find("another run feeds it, into another results file") != std::string::npos,
                  second.err);
    const auto other_dialect = run(all.worker({"--dialect", "anthropic-messages"}));
    CHECK(other_dialect.code == 2);
    CHECK_MESSAGE(other_dialect.err.find("its prompts are in the dialect openai-chat") != std::string::npos,
                  other_dialect.err);
    auto wrong_key = all.worker();
    wrong_key.environment["OPENAI_API_KEY"] = "wrong";
    const auto no_entry = run(wrong_key);
    CHECK(no_entry.code == 4);
    CHECK_MESSAGE(no_entry.err.find("cannot use ") != std::string::npos, no_entry.err);
    // What the others could not do is left for one that can.
    child worker(all.worker());
    CHECK(feeder.wait().code == 0);
    CHECK(worker.wait().code == 0);
    all.check_each_once("out");

    const auto refused = [&all](const std::vector<std::string>& options) {
        const auto got = run(all.feeder("none", options));
        CHECK(got.code == 2);
        return got.err;
    };
    CHECK(refused({"--job", "a b"}).find("--job: must be 1 to 64") != std::string::npos);
    CHECK(refused({"--rpm", "5"}).find("--rpm: cannot stand beside --job") != std::string::npos);
    const auto nowhere = run({STAGGER_COMMAND, {"worker", "--job", "j", "--base-url", "http://127.0.0.1:9"}});
    CHECK(nowhere.code == 2);
    CHECK(nowhere.err.find("give --fleet or set STAGGER_FLEET_URL") != std::string::npos);
}

TEST_CASE("a right that is missing ends a feeder and a worker with 4, and is named") {
    if (!has_store_for_jobs()) return;
    std::istringstream words(
        "--user default on nopass resetkeys ~stagger:* resetchannels &stagger:* +@all -hset");
    job_fixture all(20, {std::istream_iterator<std::string>(words), {}});
    const auto got = run(all.feeder("out"));
    CHECK(got.code == 4);
    CHECK_MESSAGE(got.err.find("lacks a right") != std::string::npos, got.err);
    CHECK(got.err.find("lacks a right") == got.err.rfind("lacks a right"));
}

TEST_CASE("a store that is smaller than the list: the feeder says so once, and all is answered") {
    if (!has_store_for_jobs()) return;
    job_fixture all(0, {"--maxmemory", "6mb", "--maxmemory-policy", "noeviction"});
    all.prompts = 900;
    std::string text;
    for (int each = 0; each < all.prompts; ++each)
        text += std::to_string(each) + std::string(8000, 'x') + '\n';
    all.list = all.folder.write("long", text);
    child feeder(all.feeder("out"));
    feeder.await_error("the store has no memory left");
    std::vector<std::unique_ptr<child>> workers;
    for (int each = 0; each < 3; ++each) workers.push_back(std::make_unique<child>(all.worker({"-j", "64"})));
    const auto got = feeder.wait();
    CHECK_MESSAGE(got.code == 0, got.err);
    CHECK(got.err.find("no memory left") == got.err.rfind("no memory left"));
    for (auto& each : workers) CHECK(each->wait().code == 0);
    all.check_each_once("out");
}

TEST_CASE("a prompt that cannot be asked, and one that the server refuses, have a result each") {
    if (!has_store_for_jobs()) return;
    job_fixture all(0);
    all.list = all.folder.write("mixed.jsonl", R"({"id":"good","prompt":"hello"}
{"id":"hot","prompt":"hello","temperature":9}
nonsense
)");
    child feeder(all.feeder("out"));
    child worker(all.worker());
    const auto got = feeder.wait();
    CHECK_MESSAGE(got.code == 1, got.err);
    CHECK(worker.wait().code == 0);
    const auto text = all.folder.read("out");
    CHECK(std::count(text.begin(), text.end(), '\n') == 3);
    CHECK(text.find("temperature: must be within 0..2") != std::string::npos);
}

TEST_CASE("what a store says of a job is read; what is no job is passed over") {
    stagger::redis::reply told;
    const auto text = [](const std::string& words) {
        stagger::redis::reply one;
        one.what = stagger::redis::reply::kind::text;
        one.text = words;
        return one;
    };
    const std::string about = R"({"state":"open","dialect":"gemini","model":"x","recorded":7,"left":3})";
    for (const std::string& each : {about, std::string("5"), std::string("2"), std::string("4"),
                                    std::string("1"), std::string("8"), std::string("6")})
        told.items.push_back(text(each));
    const auto found = app::parse_job_status("j", told);
    REQUIRE(found);
    CHECK(found->about.spoken == stagger::dialect::gemini);
    CHECK(found->about.recorded == 7);
    CHECK(found->about.left == std::uint64_t{3});
    CHECK(found->waiting == 3);
    CHECK(found->in_work == 2);
    CHECK(found->workers == 4);
    CHECK(found->unrecorded == 1);
    CHECK(found->taken_over == 8);
    CHECK(found->asked_again == 6);
    told.items[0].text = R"({"state":"open","dialect":"klingon"})";
    CHECK(!app::parse_job_status("j", told));
    told.items[0].text.clear();
    CHECK(!app::parse_job_status("j", told));
    CHECK(!app::parse_job_status("j", {}));
}
