#include "layers/page_links.hpp"

#include <doctest/doctest.h>

using namespace layers;

namespace {

std::optional<std::string> find_in_project(const std::string& path) {
    if (!source_exists(path)) return std::nullopt;
    return path.ends_with(".md") ? read_source(path).text : std::string();
}

/// A project of one page.
std::optional<std::string> find_guide(const std::string& path) {
    if (path == "docs/guide.md") return "# The guide\n## What `--x` does, and why\n";
    return std::nullopt;
}

std::vector<violation> broken_in(const std::string& text) {
    return broken_links({"docs/page.md", text}, find_guide);
}

}  // namespace

TEST_CASE("links of README, CHANGELOG, CONTRIBUTING and docs lead somewhere") {
    std::vector<source_file> pages = read_sources({"docs", "examples"}, {".md"});
    for (const auto* each : {"README.md", "CHANGELOG.md", "CONTRIBUTING.md"})
        pages.push_back(read_source(each));
    std::size_t links = 0;
    for (const source_file& page : pages) {
        links += links_of(page.text).size();
        const auto broken = broken_links(page, find_in_project);
        INFO(to_string(broken));
        CHECK(broken.empty());
    }
    CHECK(links > 0);
}

TEST_CASE("a link to no file, or to no heading, is broken") {
    CHECK(broken_in("a [guide](guide.md), a [heading](guide.md#the-guide)\n").empty());
    CHECK(broken_in("[it](guide.md#what---x-does-and-why)\n").empty());
    CHECK(broken_in("[it](../docs/guide.md)\n").empty());
    CHECK(broken_in("\n[it](nowhere.md)\n") ==
          std::vector<violation>{{"docs/page.md", 2, "there is no nowhere.md"}});
    CHECK(broken_in("[it](guide.md#guide)\n") ==
          std::vector<violation>{{"docs/page.md", 1, "no heading is guide.md#guide"}});
    CHECK(broken_in("# Here\n[up](#here) [down](#there)\n") ==
          std::vector<violation>{{"docs/page.md", 2, "no heading is #there"}});
}

TEST_CASE("what stands in code, or leads to another host, is not looked at") {
    CHECK(links_of("`[a](b)` ![picture](load.svg)\n```\n[c](d)\n```\n[e](https://example.com/f)\n").size() ==
          1);
}

TEST_CASE("headings that are the same have anchors with numbers") {
    CHECK(anchors_of("# A\n## A\n```\n# no heading\n```\n### [B](c.md) D\n#none\n") ==
          std::vector<std::string>{"a", "a-1", "b-d"});
}
