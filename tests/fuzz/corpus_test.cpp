#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "fuzz/targets.hpp"

// The corpora of the fuzz targets, and what was ever found by them, with any compiler.

namespace fuzz = stagger::fuzz;

namespace {

std::vector<std::filesystem::path> corpus_of(const std::string& name) {
    std::vector<std::filesystem::path> files;
    for (const auto& each : std::filesystem::directory_iterator(std::filesystem::path(FUZZ_CORPUS) / name))
        files.push_back(each.path());
    std::sort(files.begin(), files.end());
    return files;
}

void replay(const std::string& name) {
    const auto target = std::find_if(fuzz::targets.begin(), fuzz::targets.end(),
                                     [&](const fuzz::target& each) { return each.name == name; });
    REQUIRE(target != fuzz::targets.end());
    target->run({});
    const auto files = corpus_of(name);
    CHECK_FALSE(files.empty());
    for (const std::filesystem::path& each : files) {
        std::ifstream file(each, std::ios::binary);
        const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
        CAPTURE(each.filename().string());
        CHECK_NOTHROW(target->run(bytes));
    }
}

}  // namespace

TEST_CASE("corpus of answer") {
    replay("answer");
}
TEST_CASE("corpus of batch_line") {
    replay("batch_line");
}
TEST_CASE("corpus of clients_file") {
    replay("clients_file");
}
TEST_CASE("corpus of coordinator") {
    replay("coordinator");
}
TEST_CASE("corpus of decision_log") {
    replay("decision_log");
}
TEST_CASE("corpus of decode") {
    replay("decode");
}
TEST_CASE("corpus of fleet_message") {
    replay("fleet_message");
}
TEST_CASE("corpus of headers") {
    replay("headers");
}
TEST_CASE("corpus of json") {
    replay("json");
}
TEST_CASE("corpus of limits_file") {
    replay("limits_file");
}
TEST_CASE("corpus of line_splitter") {
    replay("line_splitter");
}
TEST_CASE("corpus of options") {
    replay("options");
}
TEST_CASE("corpus of proxy") {
    replay("proxy");
}
TEST_CASE("corpus of redis_reply") {
    replay("redis_reply");
}
TEST_CASE("corpus of request") {
    replay("request");
}
TEST_CASE("corpus of result_file") {
    replay("result_file");
}
TEST_CASE("corpus of result_line") {
    replay("result_line");
}
TEST_CASE("corpus of results") {
    replay("results");
}
TEST_CASE("corpus of rows") {
    replay("rows");
}
TEST_CASE("corpus of scenario") {
    replay("scenario");
}
TEST_CASE("corpus of stream") {
    replay("stream");
}
TEST_CASE("corpus of text") {
    replay("text");
}

TEST_CASE("each folder of the corpora belongs to a target") {
    for (const auto& each : std::filesystem::directory_iterator(FUZZ_CORPUS)) {
        const std::string name = each.path().filename().string();
        CHECK_MESSAGE(std::any_of(fuzz::targets.begin(), fuzz::targets.end(),
                                  [&](const fuzz::target& known) { return known.name == name; }),
                      name);
    }
}
