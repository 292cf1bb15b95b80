#include "batch/token_forecast.hpp"

#include <doctest/doctest.h>

using stagger::completion_request;
using stagger::batch::token_forecast;

namespace {

stagger::token_usage counted(std::uint64_t prompt, std::uint64_t answer) {
    stagger::token_usage usage;
    usage.prompt_tokens = prompt;
    usage.completion_tokens = answer;
    return usage;
}

}  // namespace

TEST_CASE("estimates follow what the server counts") {
    token_forecast forecast;
    const completion_request request(std::string(400, 'x'));
    CHECK(forecast.expect(1, request) == doctest::Approx(100 + 256));
    for (std::size_t position = 1; position <= 1000; ++position) {
        forecast.expect(position, request);
        forecast.ended(position, counted(200, 64));
    }
    CHECK(forecast.expect(1001, request) == doctest::Approx(200 + 64).epsilon(0.02));
}

TEST_CASE("one answer alone does not turn an estimate over") {
    token_forecast forecast;
    const completion_request request(std::string(400, 'x'));
    forecast.expect(1, request);
    forecast.ended(1, counted(100, 8000));
    CHECK(forecast.expect(2, request) < 100 + 256 * 8);
}

TEST_CASE("what may be generated at most is not corrected, and teaches nothing of other answers") {
    token_forecast forecast;
    const auto limited = completion_request(std::string(400, 'x')).max_new_tokens(50);
    for (std::size_t position = 1; position <= 1000; ++position) {
        forecast.expect(position, limited);
        forecast.ended(position, counted(100, 5));
    }
    CHECK(forecast.expect(1001, limited) == doctest::Approx(150));
    CHECK(forecast.expect(1002, completion_request("x")) == doctest::Approx(256).epsilon(0.01));
}

TEST_CASE("what was not counted, or not expected, teaches nothing") {
    token_forecast forecast;
    const completion_request request(std::string(400, 'x'));
    forecast.ended(7, counted(1'000'000, 1'000'000));
    for (std::size_t position = 1; position <= 100; ++position) {
        forecast.expect(position, request);
        forecast.ended(position, {});
    }
    CHECK(forecast.expect(101, request) == doctest::Approx(356));
}
