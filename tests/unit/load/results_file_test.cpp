#include <doctest/doctest.h>

#include <boost/json/parse.hpp>
#include <fstream>
#include <iterator>

#include "load/results_file.hpp"
#include "support/json_schema.hpp"
#include "unit/load/sample_results.hpp"

using stagger::load::format_results;
using stagger::load::parse_results;
namespace json = boost::json;

namespace {

std::string complaint(const std::string& text) {
    try {
        parse_results(text);
    } catch (const std::invalid_argument& wrong) {
        return wrong.what();
    }
    return {};
}

/// The sample's text, in which something is replaced.
std::string damaged(const std::string& replaced, const std::string& by) {
    std::string text = format_results(sample_results());
    const auto at = text.find(replaced);
    REQUIRE(at != std::string::npos);
    return text.replace(at, replaced.size(), by);
}

json::value committed_schema() {
    std::ifstream file(RESULTS_SCHEMA);
    REQUIRE(file);
    const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    return json::parse(text);
}

std::vector<std::string> violations(const std::string& text) {
    return support::schema_violations(committed_schema(), json::parse(text));
}

}  // namespace

TEST_CASE("results file: reads back as what was written") {
    const auto all = sample_results();
    CHECK(parse_results(format_results(all)) == all);
}

TEST_CASE("results file: a flag that an earlier version did not write was not set") {
    const auto before = damaged("\"interrupted\":false,", "");
    CHECK_FALSE(parse_results(before).runs.at(0).interrupted);
    CHECK(parse_results(damaged("\"interrupted\":false,", "\"interrupted\":true,")).runs.at(0).interrupted);
}

TEST_CASE("results file: keeps to the committed schema") {
    CHECK(violations(format_results(sample_results())) == std::vector<std::string>{});
}

TEST_CASE("results file: the schema asks for every member that is written") {
    const json::value written = json::parse(format_results(sample_results()));
    for (const auto& member : written.as_object()) {
        json::object without = written.as_object();
        without.erase(member.key());
        INFO(std::string(member.key()));
        CHECK(support::schema_violations(committed_schema(), without).size() == 1);
    }
    const json::object run = written.at("runs").as_array().front().as_object();
    for (const auto& member : run) {
        json::value without = written;
        without.as_object()["runs"].as_array().front().as_object().erase(member.key());
        INFO(std::string(member.key()));
        CHECK(support::schema_violations(committed_schema(), without).size() == 1);
    }
}

TEST_CASE("results file: the schema refuses other types, negative counts and unknown loads") {
    CHECK(violations(damaged("\"requests\":500", "\"requests\":\"many\"")).size() == 1);
    CHECK(violations(damaged("\"succeeded\":490", "\"succeeded\":-1")).size() == 1);
    CHECK(violations(damaged("\"kind\":\"constant\"", "\"kind\":\"wild\"")).size() == 1);
    CHECK(violations(damaged("stagger.results/1", "stagger.results/2")).size() == 1);
}

TEST_CASE("results file: a message names the member, the rule and the value") {
    CHECK(complaint(damaged("\"succeeded\":490", "\"succeeded\":-1")) ==
          "runs[0].succeeded: must be a whole number from 0, is -1");
    CHECK(complaint(damaged("\"goodput_per_s\":49", "\"goodput_per_s\":\"fast\""))
              .find("runs[0].goodput_per_s: must be a number, is \"fast\"") == 0);
    CHECK(complaint(damaged("\"policy\"", "\"politics\"")) == "runs[0].policy: must be given");
    CHECK(complaint(damaged("stagger.results/1", "stagger.results/2")) ==
          "schema: must be \"stagger.results/1\", is \"stagger.results/2\"");
    CHECK(complaint(damaged("[\"stagger\"", "[5")) == "command[0]: must be a text, is 5");
    CHECK(complaint("{}") == "schema: must be given: this is no results file");
    CHECK(complaint("[1]") == "schema: must be given: this is no results file");
    CHECK(complaint("{\"schema\":").find("incomplete JSON") != std::string::npos);
}

TEST_CASE("results file: what a later version adds is passed over") {
    CHECK(parse_results(damaged("\"policy\"", "\"novelty\":{\"a\":[1]},\"policy\"")) == sample_results());
}

TEST_CASE("results file: no damage to the text does more than throw") {
    const std::string text = format_results(sample_results());
    for (std::size_t at = 0; at < text.size(); at += 7) {
        std::string other = text;
        other[at] = static_cast<char>(other[at] ^ 0x11);
        try {
            parse_results(other);
        } catch (const std::invalid_argument& wrong) {
            CHECK_FALSE(std::string(wrong.what()).empty());
        }
    }
    const auto last_brace = text.find_last_of('}');
    for (std::size_t length = 0; length <= last_brace; length += 7)
        CHECK_THROWS_AS(parse_results(text.substr(0, length)), std::invalid_argument);
}
