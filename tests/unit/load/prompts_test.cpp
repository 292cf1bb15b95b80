#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <vector>

#include "load/synthetic_prompts.hpp"

using stagger::load::synthetic_prompts;
using stagger::load::token_lengths;

namespace {

std::vector<unsigned> drawn(const char* text, std::size_t count) {
    const auto lengths = token_lengths::parse(text);
    REQUIRE(lengths);
    stagger::random_source random(1);
    std::vector<unsigned> all;
    for (std::size_t each = 0; each < count; ++each) all.push_back(lengths->draw(random));
    return all;
}

auto words_of(const stagger::completion_request& request) {
    const std::string& text = request.prompt();
    return 1 + std::count(text.begin(), text.end(), ' ');
}

}  // namespace

TEST_CASE("token lengths: what is read is written back") {
    for (const auto* text : {"1", "200", "50-400", "7-7", "lognormal:200:0.5", "lognormal:1000000:0"}) {
        CAPTURE(text);
        const auto lengths = token_lengths::parse(text);
        REQUIRE(lengths);
        CHECK(lengths->text() == text);
    }
}

TEST_CASE("token lengths: anything else is refused") {
    for (const auto* text : {"", "0", "-5", "1.5", "2000001", "400-50", "0-5", "5-", "-", "x", "200 ",
                             "lognormal", "lognormal:200", "lognormal:0:1", "lognormal:200:-1",
                             "lognormal:200:6", "lognormal:200:x", "lognormal:200:nan", "normal:200:1"}) {
        CAPTURE(text);
        CHECK_FALSE(token_lengths::parse(text));
    }
}

TEST_CASE("token lengths: are drawn as described") {
    CHECK(drawn("42", 3) == std::vector<unsigned>{42, 42, 42});
    const auto even = drawn("5-8", 4000);
    for (unsigned length = 5; length <= 8; ++length)
        CHECK(std::count(even.begin(), even.end(), length) == doctest::Approx(1000).epsilon(0.1));
    auto lognormal = drawn("lognormal:200:0.5", 10'001);
    std::sort(lognormal.begin(), lognormal.end());
    CHECK(lognormal[5000] == doctest::Approx(200).epsilon(0.03));
    // One standard deviation of the logarithm above the median.
    CHECK(lognormal[8413] == doctest::Approx(200 * std::exp(0.5)).epsilon(0.05));
    const auto wide = drawn("lognormal:1000000:5", 1000);
    CHECK(*std::max_element(wide.begin(), wide.end()) == token_lengths::most);
    CHECK(*std::min_element(wide.begin(), wide.end()) >= 1);
}

TEST_CASE("synthetic prompts: have the length, depend on seed and number, and differ from each other") {
    const synthetic_prompts prompts(token_lengths::always(30), 5);
    std::set<std::string> texts;
    for (std::uint64_t number = 0; number < 1000; ++number) {
        const auto request = prompts.make(number);
        CHECK(words_of(request) == 30);
        CHECK(prompts.make(number).prompt() == request.prompt());
        texts.insert(request.prompt());
    }
    CHECK(texts.size() == 1000);
    CHECK(synthetic_prompts(token_lengths::always(30), 6).make(0).prompt() != prompts.make(0).prompt());
}
