// A store that is not as it should be: one clear message each, and the work goes on where it can.

#include <doctest/doctest.h>

#include <memory>
#include <sstream>

#include "cli/batch_command.hpp"
#include "cli/made_up_store.hpp"
#include "cli/redis_server.hpp"
#include "cli/servers.hpp"
#include "support/loopback.hpp"
#include "support/test_certificates.hpp"

namespace {

using words = std::vector<std::string>;

const std::string fifty_per_s = R"([{"kind":"token_bucket","rate_per_s":50,"burst":50}])";
const std::string answered_at_once = R"({"kind":"constant","mean_s":0})";

bool lacks_store() {
    if (redis_server::is_installed()) return false;
    MESSAGE("skipped: neither redis-server nor valkey-server is installed");
    return true;
}

/// A server, and what asks it over a store.
struct asking {
    asking() : server(fifty_per_s, answered_at_once), list(folder.write("list", numbered_prompts(40))) {}

    child_setup batch_over(const std::string& url, words options = {}) const {
        options.insert(options.begin(), {"--fleet", url, "--no-remember", "--progress", "off"});
        return batch(server.base_url(), list, folder.path("out"), options);
    }
    child_setup feeder(const std::string& url, words options = {}) const {
        options.insert(options.begin(), {"batch", list, "-o", folder.path("results"), "--model", "m",
                                         "--fleet", url, "--job", "j", "--progress", "off"});
        return {STAGGER_COMMAND, options};
    }
    child_setup worker(const std::string& url, words options = {}) const {
        options.insert(options.begin(), {"worker", "--fleet", url, "--job", "j", "--base-url",
                                         server.base_url(), "--no-remember", "--progress", "off"});
        return {STAGGER_COMMAND, options};
    }

    temporary_folder folder;
    throttled_server server;
    std::string list;
};

void check_said_once(const outcome& got, const std::string& text) {
    CHECK_MESSAGE(got.err.find(text) != std::string::npos, got.err);
    CHECK_MESSAGE(got.err.find(text) == got.err.rfind(text), got.err);
}

/// A store that speaks TLS alone.
struct tls_store {
    tls_store()
        : files(certificates.server_files()),
          port(free_port()),
          store({"--tls-port", std::to_string(port), "--tls-cert-file", files.certificate, "--tls-key-file",
                 files.key, "--tls-ca-cert-file", certificates.ca_file(), "--tls-auth-clients", "no"}) {}

    std::string url(const std::string& scheme) const { return scheme + "127.0.0.1:" + std::to_string(port); }

    stagger::test::test_certificates certificates;
    stagger::test::test_certificates::client_files files;
    unsigned short port;
    redis_server store;
};

}  // namespace

TEST_CASE("a store that is too old is told so, once, and each works by itself; a job ends with 4") {
    const asking all;
    const std::string of_six = "*4\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$6\r\n6.0.16\r\n";
    for (const auto& talk : {made_up_store::of_old(), made_up_store::says(of_six)}) {
        const made_up_store old(talk);
        const auto got = run(all.batch_over(old.url(), {"--overwrite"}));
        CHECK(got.code == 0);
        check_said_once(got, "is older than 6.2");
        const auto status = run({STAGGER_COMMAND, {"fleet", "status", "--fleet", old.url()}});
        CHECK(status.code == 4);
        check_said_once(status, "is older than 6.2");
    }
    const made_up_store old(made_up_store::of_old());
    const auto refused = run(all.worker(old.url()));
    CHECK(refused.code == 4);
    check_said_once(refused, "is older than 6.2");
}

TEST_CASE("a store that takes 200 ms for each answer is said to be slow, once, and all is answered") {
    if (lacks_store()) return;
    asking all;
    all.list = all.folder.write("long", numbered_prompts(200));
    const redis_server store;
    const made_up_store slow(made_up_store::slow(store.port(), std::chrono::milliseconds(200)));
    const auto got = run(all.batch_over(slow.url()));
    CHECK_MESSAGE(got.code == 0, got.err);
    check_said_once(got, "ms to answer: slots come late");
    CHECK(all.server.stat("accepted") == 200);
}

TEST_CASE("a job goes through a store that takes 200 ms for each answer") {
    if (lacks_store()) return;
    const asking all;
    const redis_server store;
    const made_up_store slow(made_up_store::slow(store.port(), std::chrono::milliseconds(200)));
    child feeder(all.feeder(slow.url()));
    child worker(all.worker(slow.url()));
    const auto got = feeder.wait();
    CHECK_MESSAGE(got.code == 0, got.err);
    CHECK(worker.wait().code == 0);
    CHECK(all.server.stat("accepted") == 40);
}

TEST_CASE("a job goes over TLS, and what does not fit is said in one line") {
    if (lacks_store()) return;
    const asking all;
    const tls_store secure;
    const auto trusted = [&secure](words options = {}) {
        options.insert(options.end(), {"--fleet-ca", secure.certificates.ca_file()});
        return options;
    };
    child feeder(all.feeder(secure.url("rediss://"), trusted()));
    child worker(all.worker(secure.url("rediss://"), trusted()));
    const auto got = feeder.wait();
    CHECK_MESSAGE(got.code == 0, got.err);
    const auto done = worker.wait();
    CHECK_MESSAGE(done.code == 0, done.err);
    CHECK(all.server.stat("accepted") == 40);

    // An authority that nobody trusts; TLS where there is none; none where there is.
    const auto stranger = run(all.batch_over(secure.url("rediss://")));
    CHECK(stranger.code == 0);
    check_said_once(stranger, "TLS: ");
    const auto plain = run(all.worker(secure.url("redis://")));
    CHECK(plain.code == 4);
    check_said_once(plain, "redis at 127.0.0.1:");
    const auto too_much =
        run(all.worker("rediss://127.0.0.1:" + std::to_string(secure.store.port()), trusted()));
    CHECK(too_much.code == 4);
    check_said_once(too_much, "redis at 127.0.0.1:");
}

TEST_CASE("a store without memory is named once, and each works by itself") {
    if (lacks_store()) return;
    const asking all;
    const redis_server full({"--maxmemory", "1", "--maxmemory-policy", "noeviction"});
    const auto got = run(all.batch_over(full.url()));
    CHECK_MESSAGE(got.code == 0, got.err);
    check_said_once(got, "OOM command not allowed");
    CHECK(all.server.stat("accepted") == 40);
}
