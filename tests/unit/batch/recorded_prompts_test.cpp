#include "batch/recorded_prompts.hpp"

#include <doctest/doctest.h>

#include "batch/line_hash.hpp"

using stagger::batch::line_hash;
using stagger::batch::line_sums;
using stagger::batch::recorded_prompts;
using stagger::wire::result_origin;

namespace {

stagger::batch_prompt prompt(const std::string& id, std::size_t position) {
    stagger::batch_prompt made;
    made.custom_id = id;
    made.position = position;
    return made;
}

}  // namespace

TEST_CASE("results that tell their line are known by it, others by their ids") {
    recorded_prompts known;
    known.insert("a", result_origin{3, 30, 0});
    known.insert("b", std::nullopt);
    known.insert("b", std::nullopt);
    known.insert("c", result_origin{3, 30, 0});
    known.insert("far", result_origin{std::size_t{1} << 60, 1, 0});
    known.seal();
    CHECK(known.size() == 3);
    CHECK(known.contains(prompt("anything", 3)));
    CHECK(known.contains(prompt("b", 9)));
    CHECK(known.contains(prompt("far", 9)));
    CHECK_FALSE(known.contains(prompt("a", 4)));
    CHECK_FALSE(known.contains(prompt("a", 1000000)));
    CHECK_FALSE(known.contains(prompt("line-3", 2)));
}

TEST_CASE("where prompts are recognised by their ids, lines do not matter") {
    recorded_prompts known(true);
    known.insert("a", result_origin{3, 30, 0});
    known.seal();
    CHECK(known.contains(prompt("a", 7)));
    CHECK_FALSE(known.contains(prompt("b", 3)));
    CHECK_FALSE(known.sums().difference(line_sums()));
}

TEST_CASE("sums tell where two sets of lines differ, whatever their order") {
    line_sums forward;
    line_sums backward;
    for (std::size_t line = 1; line <= 10000; ++line) forward.add(line, line * 7);
    for (std::size_t line = 10000; line >= 1; --line) backward.add(line, line * 7);
    CHECK_FALSE(forward.difference(backward));

    SUBCASE("one line more") {
        backward.add(10001, 1);
        const auto found = forward.difference(backward);
        REQUIRE(found);
        CHECK(found->first == 8193);
        CHECK(found->last == 12288);
        CHECK_FALSE(forward.difference(backward, 12288));
        CHECK(forward.difference(backward, 12289));
    }
    SUBCASE("two lines in each other's place") {
        line_sums swapped;
        swapped.add(1, 2);
        swapped.add(2, 1);
        line_sums straight;
        straight.add(1, 1);
        straight.add(2, 2);
        CHECK(straight.difference(swapped));
    }
}

TEST_CASE("the hash of a line never changes, since files hold it") {
    CHECK(line_hash("") == 0x5692161d100b05e5u);
    CHECK(line_hash("a") != line_hash("b"));
    CHECK(line_hash("12345678") != line_hash(std::string("12345678\0", 9)));
    CHECK(line_hash("Why is the sky blue?") == line_hash(std::string("Why is the sky blue?")));
}
