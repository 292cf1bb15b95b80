#include <doctest/doctest.h>

#include <regex>
#include <string>

#include "layers/source_tree.hpp"

using namespace layers;

namespace {

std::string number_of(const std::string& macro) {
    const std::string text = read_source("lib/include/stagger/version.hpp").text;
    std::smatch found;
    REQUIRE(std::regex_search(text, found, std::regex("#define STAGGER_VERSION_" + macro + " ([0-9]+)")));
    return found[1];
}

}  // namespace

TEST_CASE("the umbrella header brings every public header, and each once") {
    const std::string umbrella = "lib/include/stagger/stagger.hpp";
    const std::string text = read_source(umbrella).text;
    std::size_t headers = 0;
    for (const source_file& header : read_sources({"lib/include"}, {".hpp"})) {
        // What tests of programs use is a target of its own.
        if (header.path == umbrella || header.path.starts_with("lib/include/stagger/testing/")) continue;
        const std::string name = header.path.substr(std::string("lib/include/").size());
        CAPTURE(name);
        const std::string line = "#include \"" + name + "\"\n";
        const auto at = text.find(line);
        CHECK(at != std::string::npos);
        CHECK(text.find(line, at + 1) == std::string::npos);
        ++headers;
    }
    CHECK(headers > 30);
}

TEST_CASE("the version macros are the project's version") {
    const std::string version = number_of("MAJOR") + "." + number_of("MINOR") + "." + number_of("PATCH");
    CAPTURE(version);
    CHECK(read_source("CMakeLists.txt").text.find("VERSION " + version + "\n") != std::string::npos);
}
