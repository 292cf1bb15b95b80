#include "layers/readme_snippets.hpp"

#include <doctest/doctest.h>

using namespace layers;

TEST_CASE("code in the README and in docs is what the examples say") {
    std::vector<source_file> pages = read_sources({"docs"}, {".md"});
    pages.push_back(read_source("README.md"));
    std::size_t compared = 0;
    for (const source_file& page : pages) {
        for (const snippet& one : snippets_of(page.text)) {
            INFO(page.path << ":" << one.line << ": " << one.example);
            REQUIRE(source_exists(one.example));
            auto region = marked_region(read_source(one.example).text);
            REQUIRE(region.has_value());
            CHECK(one.code == *region);
            ++compared;
        }
    }
    CHECK(compared > 0);
}

TEST_CASE("a snippet is the fenced block behind its marker") {
    auto found = snippets_of("text\n<!-- snippet: examples/a.cpp -->\n```cpp\nint a;\n\nint b;\n```\nmore\n");
    REQUIRE(found.size() == 1);
    CHECK(found[0].example == "examples/a.cpp");
    CHECK(found[0].code == "int a;\n\nint b;\n");
    CHECK(found[0].line == 2);
    CHECK(snippets_of("<!-- snippet: examples/a.cpp -->\nno block\n").at(0).code.empty());
    CHECK(snippets_of("```cpp\nint a;\n```\n").empty());
}

TEST_CASE("a marked region loses the indentation that its lines share") {
    CHECK(marked_region("x\n    // snippet begin\n    a\n\n      b\n    // snippet end\ny\n") ==
          "a\n\n  b\n");
    CHECK(!marked_region("// snippet begin\na\n"));
    CHECK(!marked_region("a\n"));
}
