#include <doctest/doctest.h>

#include <regex>
#include <set>
#include <string>

#include "layers/source_tree.hpp"

using namespace layers;

namespace {

// The tables of docs/retries.md that say what the names of other libraries are called here: a name, then
// code.
const std::regex table_row(R"re((?:^|\n)\| `([^`]+)` \| `([^`]+)` \|)re");

std::set<std::string> matches(const std::string& text, const std::regex& pattern, std::size_t group) {
    std::set<std::string> found;
    for (auto at = std::sregex_iterator(text.begin(), text.end(), pattern); at != std::sregex_iterator();
         ++at) {
        found.insert((*at)[group].str());
    }
    return found;
}

std::string section(const std::string& page, const std::string& title) {
    const std::size_t begin = page.find("\n## " + title + "\n");
    REQUIRE(begin != std::string::npos);
    return page.substr(begin, page.find("\n## ", begin + 1) - begin);
}

}  // namespace

TEST_CASE(
    "every name of tenacity and backoff in docs/retries.md has a test of its own, and every test a row") {
    const std::string tables = section(read_source("docs/retries.md").text, "From tenacity or backoff");
    const std::string tests = read_source("tests/unit/retry/test_retry_names.cpp").text;
    const auto rows = matches(tables, table_row, 1);
    CHECK(rows.size() > 50);
    CHECK(rows == matches(tests, std::regex(R"re(SUBCASE\("([^"]+)"\))re"), 1));
}

TEST_CASE("every function in the tables of docs/retries.md is in a public header and in their tests") {
    const std::string tables = section(read_source("docs/retries.md").text, "From tenacity or backoff");
    const std::string tests = read_source("tests/unit/retry/test_retry_names.cpp").text;
    std::string headers;
    for (const source_file& header : read_sources({"lib/include/stagger"}, {".hpp"})) headers += header.text;
    // What the caller brings is no name of ours.
    const std::set<std::string> callers = {"get_token", "not_fn"};
    for (const std::string& code : matches(tables, table_row, 2)) {
        for (const std::string& name : matches(code, std::regex(R"re(\b([a-z_]+)(?:<\w+>)?\()re"), 1)) {
            if (callers.contains(name)) continue;
            INFO(code << ": " << name);
            const std::regex called("\\b" + name + "\\b");
            CHECK(std::regex_search(headers, called));
            CHECK(std::regex_search(tests, called));
        }
    }
}
