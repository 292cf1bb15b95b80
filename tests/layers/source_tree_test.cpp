#include "layers/source_tree.hpp"

#include <doctest/doctest.h>

using namespace layers;

TEST_CASE("strip blanks comments and keeps offsets") {
    CHECK(strip("a // b\nc", keep::strings) == "a     \nc");
    CHECK(strip("a /* b\n b */ c", keep::strings) == "a     \n      c");
    CHECK(strip("f(\"// no comment\")", keep::strings) == "f(\"// no comment\")");
}

TEST_CASE("strip blanks literals on demand") {
    CHECK(strip("f(\"co_await x\")", keep::code_only) == "f(\"          \")");
    CHECK(strip("g(\"a \\\" b\", 1'000, '{')", keep::code_only) == "g(\"      \", 1'000, ' ')");
    CHECK(strip("R\"x(a\" )\" b)x\" c", keep::code_only) == "R\"           \" c");
}

TEST_CASE("line_of counts from 1") {
    CHECK(line_of("a\nb\nc", 0) == 1);
    CHECK(line_of("a\nb\nc", 4) == 3);
}

TEST_CASE("read_sources finds this project's files") {
    auto files = read_sources({"lib/src/pacing", "no/such/folder"}, {".cpp"});
    REQUIRE(!files.empty());
    CHECK(files.front().path.starts_with("lib/src/pacing/"));
    CHECK(source_exists("CMakeLists.txt"));
    CHECK(!source_exists("no/such/file"));
}
