#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "json/json_document.hpp"
#include "json/json_text.hpp"
#include "json/json_tree_builder.hpp"

using namespace stagger::wire;

namespace {

/// The value of the member "v" of a document.
const json_node& value_in(const json_document& document) {
    REQUIRE(document.object());
    const auto* found = member(*document.object(), "v");
    REQUIRE(found);
    return *found;
}

std::optional<std::uint64_t> natural(const std::string& number) {
    const std::string text = R"({"v":)" + number + "}";
    const json_document document(text);
    return value_in(document).natural();
}

std::optional<std::int64_t> integer(const std::string& number) {
    const std::string text = R"({"v":)" + number + "}";
    const json_document document(text);
    return value_in(document).integer();
}

}  // namespace

TEST_CASE("members and elements are found at their own level, in the order of the text") {
    const std::string text =
        R"({"a":{"v":1,"b":[{"v":2},[],"c"]},"v":[true,{"d":{}},null,0.5,"e"],"last":false})";
    const json_document document(text);
    REQUIRE(document.object());
    CHECK(document.problem().empty());
    CHECK(document.object()->size() == 3);
    std::vector<std::string_view> names;
    for (const auto& one : *document.object()) names.push_back(one.name());
    CHECK(names == std::vector<std::string_view>{"a", "v", "last"});

    const auto& list = value_in(document);
    REQUIRE(list.is_array());
    REQUIRE(list.size() == 5);
    auto at = list.begin();
    CHECK((at->is_bool() && at->boolean()));
    ++at;
    REQUIRE(at->is_object());
    CHECK(at->size() == 1);
    CHECK(member(*at, "d")->begin() == member(*at, "d")->end());
    CHECK((++at)->is_null());
    CHECK_FALSE((++at)->integer());
    CHECK((++at)->text() == "e");
    CHECK(++at == list.end());

    const auto* inner = member(*document.object(), "a");
    REQUIRE(inner);
    CHECK(member(*inner, "b")->size() == 3);
    CHECK_FALSE(member(*document.object(), "b"));
    CHECK_FALSE(member(*document.object(), "last")->boolean());
}

TEST_CASE("of members of one name the last counts") {
    const json_document document(R"({"v":"first","w":0,"v":["second"]})");
    CHECK(value_in(document).is_array());
}

TEST_CASE("text without escapes stays where it is") {
    const std::string text = R"({"v":"gr\u00fcn","w":"blau"})";
    const json_document document(text);
    const std::string_view blue = member(*document.object(), "w")->text();
    CHECK(blue == "blau");
    CHECK(blue.data() == text.data() + text.find("blau"));
    CHECK(value_in(document).text() == "gr\xc3\xbcn");
}

TEST_CASE("escapes are resolved at any place of a string of any length, in names, too") {
    for (const std::size_t length : {0, 1, 15, 16, 255, 256, 257, 1000, 5000}) {
        CAPTURE(length);
        const std::string plain(length, 'x');
        for (const auto& escaped : {plain + R"(\n)", R"(\n)" + plain, plain + R"(\n)" + plain}) {
            const std::string text = R"({"v":")" + escaped + R"(","\u0076\t":1,"after":"plain"})";
            const json_document document(text);
            std::string expected = escaped;
            expected.replace(expected.find("\\n"), 2, "\n");
            CHECK(value_in(document).text() == expected);
            REQUIRE(member(*document.object(), "v\t"));
            CHECK(member(*document.object(), "v\t")->integer() == 1);
            CHECK(member(*document.object(), "after")->text() == "plain");
        }
    }
}

TEST_CASE("a whole number from 0 is taken however it is written") {
    CHECK(natural("0") == 0u);
    CHECK(natural("48") == 48u);
    CHECK(natural("48.0") == 48u);
    CHECK(natural("4.8e1") == 48u);
    CHECK(natural("18446744073709551615") == 18446744073709551615u);
    for (const auto* const other : {"-1", "0.5", "-0.5", "18446744073709551616", "1e300", "\"1\"", "null",
                                    "true", "[1]", "{\"v\":1}"}) {
        CAPTURE(other);
        CHECK_FALSE(natural(other));
    }
    CHECK(integer("-7") == -7);
    CHECK_FALSE(integer("7.0"));
    CHECK_FALSE(integer("9223372036854775808"));
    CHECK_FALSE(integer("\"7\""));
}

TEST_CASE("what is no JSON object is told apart") {
    for (const auto* const other : {"[]", "1", "null", "\"text\"", "[{\"v\":1}]"}) {
        const json_document document(other);
        CAPTURE(other);
        CHECK(document.problem().empty());
        CHECK_FALSE(document.object());
    }
    for (const std::string cut : {"", "{", "{\"v\"", "{\"v\":[1,{\"w\":\"\\u00", "[1", "tru"}) {
        const json_document document(cut);
        CAPTURE(cut);
        CHECK(document.is_incomplete());
        CHECK_FALSE(document.problem().empty());
        CHECK_FALSE(document.object());
    }
    for (const auto* const wrong : {"{} {}", "{}x", "{\"v\":}", "{'v':1}", "[1,]"}) {
        const json_document document(wrong);
        CAPTURE(wrong);
        CHECK_FALSE(document.is_incomplete());
        CHECK_FALSE(document.problem().empty());
        CHECK_FALSE(document.object());
    }
}

TEST_CASE("depth is bounded") {
    const auto nested = [](std::size_t arrays) {
        return R"({"v":)" + std::string(arrays, '[') + std::string(arrays, ']') + "}";
    };
    const std::string allowed = nested(max_json_depth - 1);
    const json_document deep(allowed);
    CHECK(value_in(deep).is_array());
    const std::string forbidden = nested(max_json_depth);
    const json_document deeper(forbidden);
    CHECK_FALSE(deeper.object());
    CHECK_FALSE(deeper.is_incomplete());
}

TEST_CASE("what nobody reads because it is too deep is left out, and what comes after it is found") {
    const std::string deep =
        R"({"1":{"2":{"3":{"4":{"5":{"a\n":[1,"b\n",{"c":null}],"\u0036":{"x":[2.5]},"7":8}}}}},"v":"after"})";
    const json_document document(deep);
    CHECK(value_in(document).text() == "after");
    const auto* node = document.object();
    for (const auto* const name : {"1", "2", "3", "4", "5"}) {
        node = member(*node, name);
        REQUIRE(node);
    }
    CHECK(node->size() == 3);
    CHECK(member(*node, "a\n")->is_array());
    CHECK(member(*node, "a\n")->size() == 0);
    CHECK(member(*node, "6")->is_object());
    CHECK(member(*node, "6")->size() == 0);
    CHECK(member(*node, "7")->integer() == 8);
}

TEST_CASE("the number of values is bounded, those that are too deep are not counted") {
    const auto list = [](const std::string& one, std::size_t count) {
        std::string text = R"({"v":[)";
        for (std::size_t i = 0; i < count; ++i) text += one + ',';
        text.back() = ']';
        return text + '}';
    };
    constexpr std::size_t most = json_tree_builder::most_nodes - 2;
    for (const std::string one : {"0", R"("\n")", "{}", "null", "0.5", "true", "18446744073709551615"}) {
        CAPTURE(one);
        const std::string allowed = list(one, most);
        CHECK(value_in(json_document(allowed)).size() == most);
        const std::string forbidden = list(one, most + 1);
        const json_document document(forbidden);
        CHECK(document.is_too_large());
        CHECK_FALSE(document.object());
    }
    const std::string deep = list("[[[[[0,0,0,0,0,0]]]]]", most / 5 - 1);
    CHECK(json_document(deep).object());
}
