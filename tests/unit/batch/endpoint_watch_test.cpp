#include "batch/endpoint_watch.hpp"

#include <doctest/doctest.h>

using stagger::errc;
using stagger::time_point;
using stagger::batch::endpoint_watch;
using namespace std::chrono_literals;

namespace {

const time_point start{1000s};

}  // namespace

TEST_CASE("a name or certificate that is refused ends the run at any time") {
    for (const auto code :
         {errc::name_not_found, errc::certificate_expired, errc::certificate_not_yet_valid,
          errc::certificate_wrong_host, errc::certificate_self_signed, errc::certificate_untrusted,
          errc::client_certificate_refused, errc::proxy_refused}) {
        endpoint_watch watch(start);
        CHECK_FALSE(watch.verdict(start, 0));
        watch.ended({});
        watch.ended(code);
        CHECK(watch.verdict(start, 100) == make_error_code(code));
    }
}

TEST_CASE("a refused key ends the run only if nothing else was answered before") {
    for (const auto code : {errc::unauthorized, errc::forbidden}) {
        endpoint_watch first(start);
        first.ended(code);
        CHECK(first.verdict(start, 10) == make_error_code(code));

        for (const auto before : {stagger::error_code(), make_error_code(errc::rate_limited),
                                  make_error_code(errc::bad_request), make_error_code(errc::server_error)}) {
            endpoint_watch later(start);
            later.ended(before);
            later.ended(code);
            CHECK_FALSE(later.verdict(start + 1h, 0));
        }
    }
}

TEST_CASE("no answer at all for ten seconds ends the run, with the last failure as the reason") {
    endpoint_watch watch(start);
    watch.ended(errc::connect_timed_out);
    watch.ended(errc::connect_failed);
    CHECK_FALSE(watch.verdict(start + 9999ms, 0));
    CHECK(watch.verdict(start + 10s, 0) == make_error_code(errc::connect_failed));
}

TEST_CASE("a proxy that reaches nothing is no answer") {
    endpoint_watch watch(start);
    watch.ended(errc::proxy_failed);
    CHECK(watch.verdict(start + 10s, 0) == make_error_code(errc::proxy_failed));
}

TEST_CASE("answers that all break off, or cannot be read, are no answers") {
    for (const auto broken : {errc::answer_truncated, errc::unreadable_answer}) {
        endpoint_watch watch(start);
        watch.ended(broken);
        watch.ended(broken);
        CHECK_FALSE(watch.verdict(start + 9999ms, 0));
        CHECK(watch.verdict(start + 10s, 0) == make_error_code(broken));
        // Although the server let them through.
        watch.decided(2);
        CHECK(watch.verdict(start + 10s, 0) == make_error_code(broken));
        SUBCASE("one that is whole") {
            watch.ended({});
        }
        SUBCASE("one that is whole, of which nothing else was told") {
            watch.decided(3);
        }
        CHECK_FALSE(watch.verdict(start + 1h, 0));
    }
}

TEST_CASE("one answer is enough to go on, whatever fails afterwards") {
    endpoint_watch watch(start);
    watch.ended(errc::connect_failed);
    watch.answered();
    watch.ended(errc::connect_failed);
    CHECK_FALSE(watch.verdict(start + 1h, 0));
}

TEST_CASE("a slow server is waited for, even if some connections fail") {
    endpoint_watch slow(start);
    CHECK_FALSE(slow.verdict(start + 1h, 256));
    slow.ended(errc::connect_timed_out);
    CHECK_FALSE(slow.verdict(start + 1h, 255));

    SUBCASE("until a quarter of all that was sent has failed") {
        for (int failure = 0; failure < 84; ++failure) slow.ended(errc::connect_timed_out);
        CHECK(slow.verdict(start + 1h, 255));
    }
}

TEST_CASE("what the caller ended says nothing about the endpoint") {
    endpoint_watch watch(start);
    for (const auto code :
         {errc::cancelled, errc::shut_down, errc::deadline_exceeded, errc::invalid_request}) {
        watch.ended(code);
    }
    CHECK_FALSE(watch.verdict(start + 1h, 0));
    watch.ended(errc::connection_lost);
    CHECK(watch.verdict(start + 1h, 0));
}

TEST_CASE("when everything has ended, there is nothing to be patient for") {
    const endpoint_watch nothing(start);
    CHECK_FALSE(nothing.last_verdict());
    endpoint_watch watch(start);
    watch.ended(errc::connect_failed);
    CHECK_FALSE(watch.verdict(start, 0));
    CHECK(watch.last_verdict() == make_error_code(errc::connect_failed));
    watch.ended(errc::rate_limited);
    CHECK_FALSE(watch.last_verdict());
    endpoint_watch refused(start);
    refused.ended(errc::unauthorized);
    CHECK(refused.last_verdict() == make_error_code(errc::unauthorized));
}

TEST_CASE("a verdict says for how long nothing was answered, where that was long") {
    using stagger::batch::explain;
    CHECK(explain(errc::connect_failed, "refused") == "nothing was answered within 10 s: refused");
    CHECK(explain(errc::connect_failed, "refused", 2900ms) == "nothing was answered within 2 s: refused");
    CHECK(explain(errc::connect_failed, "refused", 300ms) == "nothing was answered: refused");
}
