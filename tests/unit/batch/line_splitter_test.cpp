#include "batch/line_splitter.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace {

struct seen {
    std::string text;
    std::size_t number;
    std::uint64_t start;
    bool terminated;
    bool too_long;
};

// Feeds `input` in pieces of `step` bytes.
std::vector<seen> split(const std::string& input, std::size_t step, std::size_t longest = 100) {
    stagger::batch::line_splitter lines(longest);
    std::vector<seen> found;
    const auto drain = [&] {
        while (const auto each = lines.next()) {
            found.push_back(
                {std::string(each->text), each->number, each->start, each->terminated, each->too_long});
        }
    };
    for (std::size_t at = 0; at < input.size(); at += step) {
        const auto room = lines.prepare();
        const auto count = std::min({step, input.size() - at, room.size()});
        std::copy_n(input.begin() + static_cast<std::ptrdiff_t>(at), count, room.begin());
        lines.commit(count);
        drain();
    }
    lines.finish();
    drain();
    return found;
}

}  // namespace

TEST_CASE("lines are the same however the bytes arrive") {
    const std::string input =
        "\xef\xbb\xbf"
        "first\r\n\n  \t\nfourth\n\r\nlast";
    for (std::size_t step = 1; step <= input.size(); ++step) {
        CAPTURE(step);
        const auto found = split(input, step);
        REQUIRE(found.size() == 3);
        CHECK(found[0].text == "first");
        CHECK(found[0].number == 1);
        CHECK(found[1].text == "fourth");
        CHECK(found[1].number == 4);
        CHECK(found[1].start == input.find("fourth"));
        CHECK(found[2].text == "last");
        CHECK(found[2].number == 6);
        CHECK(found[2].start == input.find("last"));
        CHECK_FALSE(found[2].terminated);
        CHECK(found[1].terminated);
    }
}

TEST_CASE("nothing and blank lines alone give no line") {
    CHECK(split("", 1).empty());
    CHECK(split("\n\r\n \n", 2).empty());
    CHECK(split("\xef\xbb\xbf\n", 1).empty());
}

TEST_CASE("a line past the bound is reported without its text and the next one is whole") {
    const std::string input = "short\n" + std::string(1000, 'x') + "\nafter\n" + std::string(500, 'y');
    for (const std::size_t step : {1u, 7u, 64u, 4096u}) {
        CAPTURE(step);
        const auto found = split(input, step, 100);
        REQUIRE(found.size() == 4);
        CHECK(found[1].too_long);
        CHECK(found[1].text.empty());
        CHECK(found[1].number == 2);
        CHECK(found[2].text == "after");
        CHECK(found[2].start == input.find("after"));
        CHECK(found[3].too_long);
        CHECK(found[3].number == 4);
        CHECK(found[3].start == input.find('y'));
    }
}

TEST_CASE("a line of exactly the bound is taken") {
    const std::string exact(100, 'x');
    const auto found = split(exact + "\n" + exact + "x\n", 9, 100);
    REQUIRE(found.size() == 2);
    CHECK(found[0].text == exact);
    CHECK(found[1].too_long);
}

TEST_CASE("a line much longer than a block comes whole, and the buffer shrinks back") {
    const std::string big(3 * 1024 * 1024, 'z');
    const auto found = split(big + "\nnext\n", 50'000, 4 * 1024 * 1024);
    REQUIRE(found.size() == 2);
    CHECK(found[0].text == big);
    CHECK(found[1].text == "next");

    stagger::batch::line_splitter lines(4 * 1024 * 1024);
    for (std::size_t fed = 0; fed < big.size();) {
        const auto room = lines.prepare();
        std::fill(room.begin(), room.end(), 'z');
        lines.commit(room.size());
        fed += room.size();
        if (fed < big.size()) CHECK_FALSE(lines.next());
    }
    auto room = lines.prepare();
    room[0] = '\n';
    lines.commit(1);
    CHECK(lines.next());
    CHECK(lines.prepare().size() <= 256 * 1024);
}
