#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>

#include "base/utf8.hpp"
#include "json/json_text.hpp"
#include "json/json_writer.hpp"

using namespace stagger::wire;

namespace {

std::string quoted(std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
}

std::string number(double value) {
    std::string out;
    append_json_number(out, value);
    return out;
}

}  // namespace

TEST_CASE("a JSON string has one U+FFFD for each broken sequence, as all text has") {
    std::string written;
    stagger::wire::append_json_string(written,
                                      "\xEF\xBB\xE8"
                                      "a\xBB");
    CHECK(written ==
          "\"\xEF\xBF\xBD\xEF\xBF\xBD"
          "a\xEF\xBF\xBD\"");
}

TEST_CASE("UTF-8 is checked to the byte") {
    struct row {
        std::string_view text;
        int invalid_at;  // -1: valid
    };
    using namespace std::string_view_literals;
    const row rows[] = {
        {"", -1},
        {"plain", -1},
        {"plain text longer than a word \xC2\xA2", -1},
        {"za\xC5\xBC\xC3\xB3\xC5\x82\xC4\x87", -1},
        {"\xE6\x97\xA5\xE6\x9C\xAC", -1},
        {"\xF0\x9F\x9A\x80", -1},
        {"\xF4\x8F\xBF\xBF", -1},
        {"\x00"sv, -1},
        {"ab\x80", 2},
        {"eight ch\xFFx", 8},
        {"\xC0\xAF", 0},          // overlong
        {"\xE0\x9F\xBF", 0},      // overlong
        {"\xF0\x8F\xBF\xBF", 0},  // overlong
        {"\xED\xA0\x80", 0},      // surrogate
        {"\xF4\x90\x80\x80", 0},  // above U+10FFFF
        {"\xF5\x80\x80\x80", 0},
        {"x\xE6\x97", 1},  // cut
        {"x\xE6\x97y", 1},
        {"\xC2", 0},
    };
    for (const auto& [text, invalid_at] : rows) {
        const auto shown = text;  // clang 14 captures no structured bindings
        CAPTURE(shown);
        const auto found = invalid_utf8_at(text);
        CHECK((found ? static_cast<int>(*found) : -1) == invalid_at);
    }
}

TEST_CASE("strings are written so that any reader takes them") {
    CHECK(quoted("") == R"("")");
    CHECK(quoted("a\"b\\c\n\r\t") == R"("a\"b\\c\n\r\t")");
    CHECK(quoted(std::string("\x00\x01\x1f", 3)) == R"("\u0000\u0001\u001f")");
    CHECK(quoted("\xC5\xBC\xF0\x9F\x9A\x80") == "\"\xC5\xBC\xF0\x9F\x9A\x80\"");
    CHECK(quoted("a\xFFz\xE6\x97") == "\"a\xEF\xBF\xBDz\xEF\xBF\xBD\"");
    for (int byte = 0; byte < 256; ++byte) {
        const std::string text(3, static_cast<char>(byte));
        CHECK_FALSE(json_problem(quoted(text)));
        if (byte < 0x80) CHECK(json_string_value(quoted(text)) == text);
    }
}

TEST_CASE("numbers are written as short as they read back") {
    CHECK(number(0.2) == "0.2");
    CHECK(number(1) == "1");
    CHECK(number(-0.75) == "-0.75");
    CHECK(number(std::numeric_limits<double>::quiet_NaN()) == "null");
    CHECK(number(std::numeric_limits<double>::infinity()) == "null");
    for (const double value : {1e-300, 1.7976931348623157e308, 1 / 3.0, 1e21}) {
        CHECK(json_number_value(number(value)) == value);
        CHECK_FALSE(json_problem(number(value)));
    }
    CHECK(json_number_value("1e999") == HUGE_VAL);
    CHECK(json_number_value("-1e999") == -HUGE_VAL);
    CHECK(json_number_value("1e-999") == 0);
}

TEST_CASE("JSON is checked without being kept") {
    for (const auto* text : {"1", " {} ", "[]", R"({"a":[1,2.5e3,null,true,"x"]})", "1e999",
                             R"("\ud83d\ude80")", R"("\ud83d")"}) {
        CHECK_MESSAGE(!json_problem(text), text);
    }
    for (const auto* text : {"", " ", "{", "{}}", "{} x", "[1,]", "{a:1}", "'a'", "nul", "01", "NaN",
                             "\"\xFF\"", "\"\n\"", "[1] // no"}) {
        CHECK_MESSAGE(json_problem(text), text);
    }
    CHECK(json_problem("{\"a\":tru}").value().find("at byte") != std::string::npos);
    const std::string deep = std::string(max_json_depth, '[') + std::string(max_json_depth, ']');
    CHECK_FALSE(json_problem(deep));
    CHECK(json_problem('[' + deep + ']'));
    CHECK(json_problem(std::string(5000000, '[')));
}

TEST_CASE("members are cut out as they are written") {
    const auto members = json_members(
        " { \"a\" : 1.50 , \"b\\u0063\":{\"x\":[\"}\",\"\\\"\"]},\"a\":\"\\u00e9,]\" , "
        "\"e\":[ ] }\r\n");
    REQUIRE(members);
    REQUIRE(members->size() == 4);
    CHECK((*members)[0].name == "a");
    CHECK((*members)[0].value == "1.50");
    CHECK((*members)[1].name == "bc");
    CHECK((*members)[1].value == R"({"x":["}","\""]})");
    CHECK((*members)[2].value == R"("\u00e9,]")");
    CHECK((*members)[3].value == "[ ]");
    // Of duplicates the last one counts, as for every common reader.
    CHECK(find_member(*members, "a")->value == R"("\u00e9,]")");
    CHECK(json_string_value(find_member(*members, "a")->value) == "\xC3\xA9,]");
    CHECK(find_member(*members, "missing") == nullptr);

    CHECK(json_members("{}").value().empty());
    CHECK_FALSE(json_members("[1]"));
    CHECK_FALSE(json_members("\"{\""));
    CHECK_FALSE(json_string_value("12"));
}

TEST_CASE("elements are cut out as they are written") {
    using elements = std::vector<std::string_view>;
    CHECK(json_elements(R"( [ 1.50 ,{"x":[1,"]"]}, "a,\"]" ,[ ],null] )") ==
          elements{"1.50", R"({"x":[1,"]"]})", R"("a,\"]")", "[ ]", "null"});
    CHECK(json_elements("[]") == elements{});
    CHECK(json_elements("[ ]") == elements{});
    CHECK_FALSE(json_elements("{}"));
    CHECK_FALSE(json_elements("\"[\""));
}

TEST_CASE("objects are written member by member") {
    std::string out = "x=";
    object_writer writer(out);
    writer.string("s\"", "t");
    writer.number("n", 0.5);
    writer.count("c", 7);
    writer.raw("r", "[1]");
    writer.key("k") += "true";
    writer.close();
    CHECK(out == R"(x={"s\"":"t","n":0.5,"c":7,"r":[1],"k":true})");
}
