#include <doctest/doctest.h>

#include "gateway/access_log_line.hpp"
#include "gateway/recent_waits.hpp"
#include "gateway/tenant.hpp"

using namespace stagger;
using namespace stagger::gateway;
using namespace std::chrono_literals;

namespace {

const std::chrono::sys_time<std::chrono::milliseconds> noon(1'706'371'500'042ms);

}  // namespace

TEST_CASE("a tenant is known by the beginning of its SHA-256") {
    CHECK(tenant_text(tenant_number("abc")) == "ba7816bf8f01cfea");
    CHECK(tenant_text(0x0a) == "000000000000000a");
    CHECK(tenant_number("") == 0);
    CHECK(tenant_text(0) == "-");
}

TEST_CASE("a model is shown in whole characters, and not at any length") {
    CHECK(shown_model("gpt-5") == "gpt-5");
    CHECK(shown_model("a\xff") == "a\xEF\xBF\xBD");
    const std::string long_name(200, 'x');
    CHECK(shown_model(long_name) == long_name);
    CHECK(shown_model(long_name + "y") == long_name + "…");
    CHECK(shown_model(std::string(199, 'x') + "é") == std::string(199, 'x') + "…");
}

TEST_CASE("a call is one line of the access log") {
    call_record one;
    one.id = 7;
    one.in = priority::batch;
    one.tenant = tenant_number("abc");
    one.model = "m\n\"x\"";
    one.status = 200;
    one.waited = 1500ms;
    one.served = 20ms;
    one.attempts = 2;
    one.tokens = {12, 5};
    one.outcome = call_outcome::answered;
    CHECK(
        access_log_line(one, noon) ==
        "{\"time\":\"2024-01-27T16:05:00.042Z\",\"id\":7,\"class\":\"batch\",\"tenant\":\"ba7816bf8f01cfea\","
        "\"model\":\"m\\n\\\"x\\\"\",\"status\":200,\"waited_s\":1.5,\"served_s\":0.02,\"attempts\":2,"
        "\"prompt_tokens\":12,\"completion_tokens\":5,\"cached_tokens\":null,\"outcome\":\"answered\"}\n");
}

TEST_CASE("what is not known of a call is null") {
    call_record one;
    one.outcome = call_outcome::departed;
    CHECK(access_log_line(one, noon) ==
          "{\"time\":\"2024-01-27T16:05:00.042Z\",\"id\":0,\"class\":null,\"tenant\":null,\"model\":null,"
          "\"status\":null,\"waited_s\":0,\"served_s\":0,\"attempts\":0,\"prompt_tokens\":null,"
          "\"completion_tokens\":null,\"cached_tokens\":null,\"outcome\":\"departed\"}\n");
}

TEST_CASE("waits have quantiles, of the last thousand") {
    recent_waits waits;
    CHECK(waits.quantile(.5) == std::nullopt);
    waits.add(3s);
    CHECK(waits.quantile(0) == 3s);
    CHECK(waits.quantile(.99) == 3s);
    for (int i = 1; i <= 1000; ++i) waits.add(std::chrono::milliseconds(i));
    CHECK(waits.quantile(.5) == 500ms);
    CHECK(waits.quantile(.99) == 990ms);
    CHECK(waits.quantile(1) == 1000ms);
}
