#include "layers/layer_rules.hpp"

#include <doctest/doctest.h>

using namespace layers;

namespace {

const header_owners owners = {
    {"stagger/time.hpp", "base"}, {"stagger/coordinator.hpp", "coordinator"}, {"stagger/gate.hpp", "net"}};

std::vector<violation> includes(const std::string& path, const std::string& text) {
    return wrong_includes({{path, text}}, owners);
}

std::vector<violation> words(const std::string& path, const std::string& text) {
    return banned_words({{path, text}}, owners);
}

header_owners real_owners() {
    return owners_of_public_headers(read_sources({"lib/src"}, {"CMakeLists.txt"}));
}

std::vector<source_file> real_sources() {
    return read_sources({"lib/include", "lib/src", "apps", "examples", "bench"}, {".cpp", ".hpp"});
}

}  // namespace

TEST_CASE("every include of this project follows the layers") {
    REQUIRE(real_sources().size() > 10);
    CHECK(to_string(wrong_includes(real_sources(), real_owners())) == "");
}

TEST_CASE("the pure layers have no clock, thread, socket or global randomness") {
    CHECK(to_string(banned_words(real_sources(), real_owners())) == "");
}

TEST_CASE("Beast is included by one file of http and one of server") {
    CHECK(to_string(beast_spread(real_sources())) == "");
}

TEST_CASE("public headers belong to the layer whose CMakeLists.txt lists them") {
    auto found =
        owners_of_public_headers({{"lib/src/net/CMakeLists.txt",
                                   "stagger_library(net\n HEADERS\n stagger/gate.hpp\n SOURCES gate.cpp)"}});
    CHECK(found == header_owners{{"stagger/gate.hpp", "net"}});
    CHECK(layer_of("lib/include/stagger/gate.hpp", found) == "net");
    CHECK(layer_of("lib/src/pacing/pacer.cpp", found) == "pacing");
    CHECK(layer_of("apps/stagger/main.cpp", found) == "apps");
    CHECK(includes("lib/include/stagger/forgotten.hpp", "").size() == 1);
}

TEST_CASE("an include against the arrows is found") {
    auto found = includes("lib/src/pacing/pacer.cpp", "#include <vector>\n#include \"net/pool.hpp\"\n");
    REQUIRE(found.size() == 1);
    CHECK(found[0].line == 2);
    CHECK(includes("lib/src/dialect/dialect.cpp", "#include \"stagger/gate.hpp\"").size() == 1);
    CHECK(includes("lib/src/net/pool.cpp", "#include \"batch/runner.hpp\"").size() == 1);
    CHECK(includes("lib/src/net/pool.cpp", "#include \"provider/model.hpp\"").size() == 1);
    CHECK(includes("lib/include/stagger/time.hpp", "# include <stagger/gate.hpp>").size() == 1);
    CHECK(includes("lib/src/provider/model.cpp", "#include \"stagger/coordinator.hpp\"").size() == 1);
    CHECK(includes("examples/complete.cpp", "#include \"dialect/dialect.hpp\"").size() == 1);
    CHECK(includes("lib/src/net/gate.cpp", "#include \"stagger/unlisted.hpp\"").size() == 1);
}

TEST_CASE("an include along the arrows is none") {
    CHECK(includes("lib/src/net/pool.cpp", "#include \"stagger/gate.hpp\"\n#include \"dialect/dialect.hpp\"")
              .empty());
    CHECK(includes("lib/src/provider/model.cpp", "#include \"stagger/time.hpp\"").empty());
    CHECK(includes("lib/src/pacing/pacer.cpp", "// #include \"net/pool.hpp\"\n").empty());
    CHECK(includes("apps/stagger/main.cpp", "#include <CLI/CLI.hpp>\n#include <sys/stat.h>").empty());
}

TEST_CASE("a library where it does not belong is found") {
    CHECK(includes("lib/src/pacing/pacer.cpp", "#include <boost/json.hpp>").size() == 1);
    CHECK(includes("lib/src/base/error.cpp", "#include <boost/system/error_code.hpp>").empty());
    CHECK(includes("lib/src/dialect/lines.cpp", "#include <boost/json/value.hpp>").empty());
    CHECK(includes("lib/src/batch/runner.cpp", "#include <boost/beast/http.hpp>").size() == 1);
}

TEST_CASE("a header that brings in a layer's own library is included by that layer only") {
    const header_owners with_dialect = {{"stagger/dialect.hpp", "dialect"}};
    source_file value{"lib/src/json/document.hpp", "#include <boost/json/value.hpp>"};
    source_file through{"lib/src/dialect/body.hpp", "#include \"json/document.hpp\""};
    source_file inside{"lib/src/dialect/body.cpp", "#include \"dialect/body.hpp\""};
    source_file outside{"lib/src/net/client.cpp", "#include \"dialect/body.hpp\""};
    source_file published{"lib/include/stagger/dialect.hpp", "#include <boost/json/value.hpp>"};
    CHECK(wrong_includes({value, through, inside}, with_dialect).empty());
    CHECK(wrong_includes({value, through, inside, outside}, with_dialect).size() == 1);
    CHECK(wrong_includes({published}, with_dialect).size() == 1);
}

TEST_CASE("a clock, a thread or global randomness in a pure layer is found") {
    CHECK(words("lib/src/coordinator/a.cpp", "auto t = std::chrono::steady_clock::now();").size() == 1);
    CHECK(words("lib/src/dialect/a.cpp", "x;\nauto t = system_clock :: now();").at(0).line == 2);
    CHECK(words("lib/src/sim/a.cpp", "std::random_device device;").size() == 1);
    CHECK(words("lib/src/provider/a.hpp", "std::thread t; std::jthread u;").size() == 2);
    CHECK(words("lib/src/dialect/a.cpp", "#include <boost/asio/post.hpp>").size() == 1);
    CHECK(words("lib/src/coordinator/a.cpp", "// never std::thread\nstd::this_thread::yield();").empty());
    CHECK(words("lib/src/net/a.cpp", "std::chrono::steady_clock::now();").empty());
}

TEST_CASE("Beast in a second file or in a header is found") {
    source_file first{"lib/src/http/exchange.cpp",
                      "#include <boost/beast/http.hpp>\n#include <boost/beast/core.hpp>"};
    source_file second{"lib/src/http/pool.cpp", "#include <boost/beast/core.hpp>"};
    source_file server{"lib/src/server/request_parser.cpp", "#include <boost/beast.hpp>"};
    source_file header{"lib/src/server/listener.hpp", "#include <boost/beast.hpp>"};
    source_file tool{"apps/stagger/main.cpp", "#include <boost/beast.hpp>"};
    CHECK(beast_spread({first, server}).empty());
    CHECK(beast_spread({first, second}).size() == 1);
    CHECK(beast_spread({header}).size() == 1);
    CHECK(beast_spread({tool}).size() == 1);
}
