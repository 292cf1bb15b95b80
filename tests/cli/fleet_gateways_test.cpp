// Two gateways of one fleet, and callers that go through either.

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "cli/batch_command.hpp"
#include "cli/redis_server.hpp"
#include "cli/servers.hpp"

namespace {

using words = std::vector<std::string>;

/// Two of `stagger serve` before a server that admits 40 a second.
struct gateways {
    gateways()
        : server(R"([{"kind":"token_bucket","rate_per_s":40,"burst":40}])",
                 R"({"kind":"constant","mean_s":0.05})"),
          list(folder.write("list", numbered_prompts(4000))) {
        for (auto& each : both) {
            each = std::make_unique<child>(
                child_setup{STAGGER_COMMAND,
                            {"serve", "--listen", "127.0.0.1:0", "--admin", "off", "--base-url",
                             server.base_url(), "--fleet", store.url(), "--no-remember"}});
            each->await_output("/v1\n");
        }
    }
    /// Callers through both, each with so many calls at a time, until the test ends.
    std::vector<std::unique_ptr<child>> call(const std::string& name, const std::string& at_a_time,
                                             const words& headers) {
        std::vector<std::unique_ptr<child>> callers;
        for (std::size_t each = 0; each < both.size(); ++each) {
            const std::string said = both[each]->output();
            const auto begin = said.find("http://");
            words options{"-j",       at_a_time, "--no-remember", "--progress", "off",
                          "--policy", "none",    "--fsync",       "never"};
            for (const std::string& header : headers) options.insert(options.end(), {"--header", header});
            callers.push_back(
                std::make_unique<child>(batch(said.substr(begin, said.find('\n', begin) - begin), list,
                                              folder.path(name + std::to_string(each)), options)));
        }
        return callers;
    }
    /// Results that a name has through both.
    std::size_t answered(const std::string& name) const {
        std::size_t all = 0;
        for (const char* each : {"0", "1"}) {
            const auto text = folder.read(name + each);
            all += static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
        }
        return all;
    }
    void await_accepted(std::size_t count) const {
        while (server.stat("accepted") < count) std::this_thread::yield();
    }

    temporary_folder folder;
    throttled_server server;
    redis_server store;
    std::string list;
    std::array<std::unique_ptr<child>, 2> both;
};

bool is_without_store() {
    if (redis_server::is_installed()) return false;
    MESSAGE("skipped: neither redis-server nor valkey-server is installed");
    return true;
}

constexpr std::size_t behind_the_start = 200;
constexpr std::size_t counted = 600;

}  // namespace

TEST_CASE("two gateways of one fleet: a tenant that floods both has no more than one that does not") {
    if (is_without_store()) return;
    gateways all;
    const auto flood = all.call("flood", "64", {"x-stagger-tenant: flood"});
    const auto modest = all.call("modest", "8", {"x-stagger-tenant: modest"});
    all.await_accepted(behind_the_start);
    const auto flood_before = all.answered("flood");
    const auto modest_before = all.answered("modest");
    all.await_accepted(behind_the_start + counted);
    const auto of_flood = static_cast<double>(all.answered("flood") - flood_before);
    const auto of_modest = static_cast<double>(all.answered("modest") - modest_before);
    CAPTURE(of_flood);
    CAPTURE(of_modest);
    CHECK(of_modest >= 0.4 * (of_modest + of_flood));
    CHECK(of_modest <= 0.6 * (of_modest + of_flood));
}

TEST_CASE("two gateways of one fleet: calls of a higher class go first at both") {
    if (is_without_store()) return;
    gateways all;
    const auto bulk = all.call("bulk", "64", {"x-stagger-priority: batch"});
    const auto quick = all.call("quick", "16", {"x-stagger-priority: interactive"});
    all.await_accepted(behind_the_start);
    const auto bulk_before = all.answered("bulk");
    const auto quick_before = all.answered("quick");
    all.await_accepted(behind_the_start + counted);
    const auto of_bulk = static_cast<double>(all.answered("bulk") - bulk_before);
    const auto of_quick = static_cast<double>(all.answered("quick") - quick_before);
    CAPTURE(of_bulk);
    CAPTURE(of_quick);
    CHECK(of_quick >= 0.85 * (of_quick + of_bulk));  // 16 of 17
    CHECK(of_bulk > 0);
}
