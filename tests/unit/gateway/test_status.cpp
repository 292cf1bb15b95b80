#include <doctest/doctest.h>

#include "gateway/status_json.hpp"
#include "gateway/status_page.hpp"

using namespace stagger;
using namespace stagger::gateway;
using namespace std::chrono_literals;

namespace {

const time_point now(50s);

gateway_status busy_status() {
    gateway_status status;
    status.upstream = "http://there/v1";
    status.of_gate.mode = coordinator_mode::ride;
    status.of_gate.pace_per_s = 20;
    status.of_gate.measured_per_s = 20;
    status.of_gate.why = wait_reason::pace;
    status.waiting_bytes = 512;
    status.waits[1] = {2s, 3s};
    status.crowd.waiting = {0, 3, 1};
    status.crowd.tenants = {{0xabc, {1, 1s}}, {0xdef, {3, 4s}}};
    status.crowd.oldest = 4s;
    waiting_call first;
    first.id = 7;
    first.tenant = "search";
    first.model = "m";
    first.waited = 4s;
    first.attempts = 1;
    first.why = wait_reason::own_delay;
    waiting_call second;
    second.id = 8;
    second.in = priority::batch;
    second.tenant = "-";
    second.waited = 1s;
    second.ahead = 40;
    status.crowd.first = {first, second};
    gateway_status::seen_tenant search;
    search.name = "search";
    search.waiting = 3;
    search.going = 2;
    search.oldest = 4s;
    search.waits = {1s, 2s};
    status.tenants = {search};
    return status;
}

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != text.npos;
}

}  // namespace

TEST_CASE("status: who waits is told by class, by tenant and one by one, with what each waits for") {
    const std::string text = to_json(busy_status(), now);
    CAPTURE(text);
    CHECK(has(text, R"("why":"pace")"));
    CHECK(has(text, R"("line":{"length":4,"bytes":512,"oldest_s":4,)"));
    CHECK(has(text, R"("interactive":{"waiting":0,"p50_s":null,"p99_s":null})"));
    CHECK(has(text, R"("normal":{"waiting":3,"p50_s":2,"p99_s":3})"));
    CHECK(has(text, R"("tenants_waiting":2,"tenants":[{"tenant":"search","waiting":3,"going":2,"oldest_s":4,)"
                    R"("p50_s":1,"p99_s":2}])"));
    CHECK(has(text, R"({"id":7,"class":"normal","tenant":"search","model":"m","waited_s":4,)"
                    R"("attempts":1,"ahead":0,"why":"own_delay","expected_s":null})"));
    CHECK(has(text, R"({"id":8,"class":"batch","tenant":"-","model":null,"waited_s":1,)"
                    R"("attempts":0,"ahead":40,"why":"line","expected_s":2})"));
}

TEST_CASE("status: no turn is foretold where it hangs on the ends of other calls") {
    auto status = busy_status();
    status.of_gate.why = wait_reason::in_flight;
    CHECK(has(to_json(status, now), R"("ahead":40,"why":"line","expected_s":null)"));
}

TEST_CASE("status: of many tenants those are shown of whom most wait") {
    std::vector<gateway_status::seen_tenant> all(200);
    for (std::size_t i = 0; i < all.size(); ++i) all[i].waiting = i;
    keep_most_waiting(all);
    REQUIRE(all.size() == 50);
    CHECK(all.front().waiting == 199);
    CHECK(all.back().waiting == 150);
}

TEST_CASE("status: before anything was measured or has waited, it says so by null") {
    const std::string text = to_json(gateway_status(), now);
    CHECK(has(text, R"("limit_per_s":null)"));
    CHECK(has(text, R"("line":{"length":0,"bytes":0,"oldest_s":0,)"));
    CHECK(has(text, R"("tenants":[],"calls":[]})"));
}

TEST_CASE("status page: its policy names its own script and style, and nobody else's") {
    CHECK(policy_of_page("<style>abc</style><script>abc</script>")
              .find("script-src 'sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0='; "
                    "style-src 'sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=';") != std::string::npos);
    CHECK(policy_of_page("").find("script-src 'none'; style-src 'none'") != std::string::npos);
    CHECK(policy_of_page(status_page()).find("'none'; connect-src 'self'") != std::string::npos);
    CHECK(policy_of_page(status_page()).find("script-src 'sha256-") != std::string::npos);
    for (const auto* elsewhere : {"http://", "https://", "src=", "@import", "innerHTML"})
        CHECK(status_page().find(elsewhere) == std::string_view::npos);
}
