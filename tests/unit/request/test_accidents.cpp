#include <doctest/doctest.h>

#include "request/accidents.hpp"

using namespace stagger;
using namespace std::chrono_literals;
using stagger::detail::accidents;

namespace {

constexpr time_point begin{100s};

failed_try after(duration since, const std::string& message) {
    return {since, errc::server_error, 500, message};
}

}  // namespace

TEST_CASE("of very many tries the first and the last ones are listed") {
    accidents met({}, begin);
    for (int i = 0; i < 50; ++i) met.add(after(std::chrono::seconds(i), std::to_string(i)));
    const auto listed = met.take();
    REQUIRE(listed.size() == 20);
    CHECK(listed.front().message == "0");
    CHECK(listed[9].message == "9");
    CHECK(listed[10].message == "40");
    CHECK(listed.back().message == "49");
}

TEST_CASE("accidents are a request's own where others were answered meanwhile") {
    const failure_bounds bounds{3, 10s};
    accidents met({5, 0}, begin);
    for (int i = 0; i < 3; ++i) met.add(after(std::chrono::seconds(5 * i), "broke"));
    CHECK(met.are_its_own({9, 1}, begin + 11s, bounds));
    CHECK_FALSE(met.are_its_own({5, 1}, begin + 11s, bounds));
    CHECK_FALSE(met.are_its_own({9, 1}, begin + 9s, bounds));
    CHECK(met.explained({9, 1}, begin + 11s, "broke") ==
          "failed 3 times in 11 s, in which 4 other requests of the same model and key were answered: broke");
}
