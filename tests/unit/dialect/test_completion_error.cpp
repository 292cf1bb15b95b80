#include <doctest/doctest.h>

#include <string>
#include <type_traits>

#include "stagger/completion_error.hpp"

using namespace stagger;

TEST_CASE("a completion_error begins with what the server said") {
    diagnostic known;
    known.message = "no such field: tempo";
    known.http_status = 400;
    const completion_error error(errc::bad_request, known);
    CHECK(error.code() == errc::bad_request);
    CHECK(error.info().http_status == 400);
    CHECK(std::string(error.what()).starts_with("no such field: tempo: "));
}

TEST_CASE("a completion_error of which nothing is known says what its code says, once") {
    const error_code code = errc::cancelled;
    diagnostic known;
    const std::string bare = completion_error(code, known).what();
    known.message = code.message();
    CHECK(completion_error(code, known).what() == bare);
    CHECK(bare.starts_with(code.message()));
}

TEST_CASE("a completion_error is copied without throwing") {
    static_assert(std::is_nothrow_copy_constructible_v<completion_error>);
    diagnostic known;
    known.attempts = 3;
    completion_error first(errc::rate_limited, known);
    const completion_error second = first;
    CHECK(second.info().attempts == 3);
}
