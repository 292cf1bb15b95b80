#include <doctest/doctest.h>

#include "request/judgement.hpp"

using namespace stagger;
using stagger::routing::route_outcome;

namespace {

route_outcome of(error_code error, verdict what) {
    wire::decoded_answer ended;
    ended.error = error;
    ended.what = {what};
    return detail::outcome_for_route(ended);
}

}  // namespace

TEST_CASE("what an ending tells of its route") {
    CHECK(of({}, verdict::ok) == route_outcome::answered);
    CHECK(of(errc::bad_request, verdict::permanent) == route_outcome::answered);
    CHECK(of(errc::error_in_answer, verdict::permanent) == route_outcome::answered);
    CHECK(of(errc::rate_limited, verdict::throttled) == route_outcome::refused);
    CHECK(of(errc::overloaded, verdict::throttled) == route_outcome::overloaded);
    for (const errc accident : {errc::server_error, errc::connect_failed, errc::connection_lost,
                                errc::answer_timed_out, errc::answer_truncated, errc::unreadable_answer})
        CHECK(of(accident, verdict::transient) == route_outcome::accident);
    for (const errc of_route : {errc::unauthorized, errc::forbidden, errc::not_found, errc::quota_exhausted,
                                errc::redirected, errc::name_not_found, errc::certificate_expired,
                                errc::client_certificate_refused, errc::proxy_refused})
        CHECK(of(of_route, verdict::permanent) == route_outcome::unusable);
    for (const errc nobody : {errc::cancelled, errc::shut_down})
        CHECK(of(nobody, verdict::permanent) == route_outcome::untold);
}

TEST_CASE("a server that says for how long it is overloaded only refuses") {
    wire::decoded_answer ended;
    ended.error = errc::overloaded;
    ended.what = {verdict::throttled, std::chrono::seconds(5)};
    CHECK(detail::outcome_for_route(ended) == route_outcome::refused);
}

TEST_CASE("a quota of which is known when it opens is a refusal, however it is called") {
    CHECK(of(errc::quota_exhausted, verdict::throttled) == route_outcome::refused);
}
