#include <doctest/doctest.h>

#include <string>

#include "provider/lockout.hpp"
#include "unit/provider/script.hpp"

using namespace stagger;
using namespace stagger::test;
using kind = provider::decision::kind;

namespace {

provider::provider_description locking(duration silence) {
    auto description = limited_by({bucket(10, 2)});
    description.lockout_silence = silence;
    description.hints.retry_after = provider::retry_after_hint::exact;
    return description;
}

}  // namespace

TEST_CASE("a rejected caller stays rejected until it has been silent") {
    script server(locking(3s));
    CHECK(server.admitted_of(2, 0s) == 2);
    CHECK(server.arrive(0s).retry_after == 3s);
    CHECK_FALSE(server.admits(1s));      // the bucket is full again, the caller is not forgiven
    CHECK_FALSE(server.admits(3999ms));  // 2.999 s after the last one
    CHECK(server.arrive(4s).retry_after == 3s);
    CHECK(server.admits(7s));
    CHECK(server.admits(7s));  // and is treated as anyone from there on
    CHECK_FALSE(server.admits(7s));
}

TEST_CASE("a lockout is each caller's own, the limits are everyone's") {
    script server(locking(3s));
    CHECK(server.admits(0s, 1, "noisy"));
    CHECK(server.admits(0s, 1, "noisy"));
    CHECK_FALSE(server.admits(0s, 1, "noisy"));
    CHECK_FALSE(server.admits(0s, 1, "unlucky"));  // the bucket is empty for everyone
    CHECK(server.admits(1s, 1, "quiet"));
    CHECK_FALSE(server.admits(1s, 1, "noisy"));
    CHECK_FALSE(server.admits(1s, 1, "unlucky"));
    CHECK(server.admits(1s, 1, "quiet"));
}

TEST_CASE("a request refused by a lockout takes nothing from the limits, unless refusals are charged") {
    for (const bool charge : {false, true}) {
        CAPTURE(charge);
        auto description = locking(3s);
        description.charge_rejections = charge;
        script server(description);
        CHECK(server.admitted_of(3, 0s) == 2);
        for (int i = 0; i < 5; ++i) CHECK_FALSE(server.admits(1s));
        CHECK(server.admits(1s, 1, "other") == !charge);
    }
}

TEST_CASE("a timeout in line locks out as well") {
    auto description = limited_by({at_most(1, 1, 1s)});
    description.lockout_silence = 10s;
    script server(description);
    const auto first = server.arrive(0s, 1, "first");
    CHECK(server.arrive(0s, 1, "second").what == kind::queue);
    CHECK(server.events(1s).size() == 1);
    server.depart(2s, first.id);
    CHECK_FALSE(server.admits(2s, 1, "second"));
    CHECK(server.admits(2s, 1, "third"));
}

TEST_CASE("without a silence nobody is locked out") {
    provider::lockout none{0s};
    none.shut_out(at(0s), "a");
    CHECK_FALSE(none.refuses(at(0s), "a"));
}

TEST_CASE("ten thousand silent callers are forgiven one by one") {
    provider::lockout doors{1s};
    for (int i = 0; i < 10'000; ++i) doors.shut_out(at(i * 1ms), std::to_string(i));
    CHECK(doors.refuses(at(10s), "9999"));
    CHECK_FALSE(doors.refuses(at(10s), "0"));
    CHECK_FALSE(doors.refuses(at(10s), "9000"));  // exactly one second
    CHECK(doors.refuses(at(10s), "9001"));
}
