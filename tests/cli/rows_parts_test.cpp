// What files hold, cut into rows: tables, arrays, packed files, and what is refused.

#include <doctest/doctest.h>
#include <zlib.h>
#include <zstd.h>

#include <random>

#include "cli/exit_code.hpp"
#include "rows/array_cutter.hpp"
#include "rows/column_check.hpp"
#include "rows/file_rows.hpp"
#include "rows/format_sniffing.hpp"
#include "rows/row_places.hpp"
#include "rows/table_cutter.hpp"

using app::row_format;
using texts = std::vector<std::string>;

namespace {

struct cut_row {
    std::size_t number = 0;
    std::string text;
    texts cells;
    std::string problem;
    bool too_long = false;
    std::uint64_t hash = 0;
};

/// @param step bytes that come at once
template <class Cutter>
std::vector<cut_row> rows_of(Cutter& cutter, std::string_view bytes, std::size_t step = SIZE_MAX) {
    std::vector<cut_row> rows;
    for (bool ended = false; !ended;) {
        const auto room = cutter.prepare();
        const auto count = std::min({room.size(), bytes.size(), step});
        std::copy_n(bytes.data(), count, room.data());
        cutter.commit(count);
        bytes.remove_prefix(count);
        ended = count == 0;
        if (ended) cutter.finish();
        while (const auto found = cutter.next()) {
            rows.push_back({found->number, std::string(found->text), found->cells ? *found->cells : texts(),
                            found->problem, found->too_long, found->hash()});
        }
    }
    return rows;
}

std::vector<cut_row> table(std::string_view bytes, char separator = ',', std::size_t step = SIZE_MAX) {
    app::table_cutter cutter(separator);
    return rows_of(cutter, bytes, step);
}

std::vector<cut_row> array(std::string_view bytes, std::size_t step = SIZE_MAX) {
    app::array_cutter cutter;
    return rows_of(cutter, bytes, step);
}

std::vector<cut_row> file(const std::string& name, std::string_view bytes, const app::row_reading& how = {},
                          std::size_t step = SIZE_MAX) {
    app::file_rows rows(name, how);
    return rows_of(rows, bytes, step);
}

std::string refusal(const std::string& name, std::string_view bytes, const app::row_reading& how = {}) {
    try {
        file(name, bytes, how);
    } catch (const app::failure& refused) {
        return std::to_string(static_cast<int>(refused.code())) + " " + refused.what();
    }
    return "(none)";
}

std::string gzip(const std::string& text) {
    z_stream stream{};
    constexpr int with_gzip_header = 16;
    REQUIRE(deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, MAX_WBITS + with_gzip_header, 8,
                         Z_DEFAULT_STRATEGY) == Z_OK);
    std::string packed(deflateBound(&stream, text.size()) + 64, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    packed.resize(packed.size() - stream.avail_out);
    deflateEnd(&stream);
    return packed;
}

std::string zstd(const std::string& text) {
    std::string packed(ZSTD_compressBound(text.size()), '\0');
    packed.resize(ZSTD_compress(packed.data(), packed.size(), text.data(), text.size(), 1));
    return packed;
}

}  // namespace

TEST_CASE("a table: quotes, separators and line ends inside cells, doubled quotes, spaces kept") {
    const std::string text =
        "\xef\xbb\xbfid,text\r\n"
        "1,plain\r\n"
        "2,\"a, \"\"b\"\"\r\n\r\nc\"\r\n"
        "\r\n"
        "3, spaced \r\n"
        "4,5\" pipe\r\n"
        "5,";
    for (const std::size_t step : {std::size_t{1}, std::size_t{7}, SIZE_MAX}) {
        const auto rows = table(text, ',', step);
        REQUIRE(rows.size() == 5);
        for (const auto& each : rows) CHECK(each.problem.empty());
        CHECK(rows[0].cells == texts{"1", "plain"});
        CHECK(rows[1].cells == texts{"2", "a, \"b\"\r\n\r\nc"});
        CHECK(rows[2].cells == texts{"3", " spaced "});
        CHECK(rows[3].cells == texts{"4", "5\" pipe"});
        CHECK(rows[4].cells == texts{"5", ""});
        CHECK(rows[0].number == 2);
        CHECK(rows[1].number == 3);
        CHECK(rows[2].number == 7);
        CHECK(rows[1].text == "2,\"a, \"\"b\"\"\r\n\r\nc\"");
    }
}

TEST_CASE("what is written as RFC 4180 has it is read as it was") {
    std::mt19937 random(7);
    const std::string_view characters = "ab,\"\n\r \t;\xc3\xa4";
    for (int round = 0; round < 300; ++round) {
        std::string text = "x,y,z\n";
        std::vector<texts> wanted;
        for (int row = 0; row < 4; ++row) {
            texts cells;
            for (int cell = 0; cell < 3; ++cell) {
                std::string value = "v";
                for (auto length = random() % 6; length > 0; --length)
                    value += characters[random() % characters.size()];
                std::string quoted;
                for (const char each : value)
                    quoted += each == '"' ? std::string("\"\"") : std::string(1, each);
                text += (cell > 0 ? ",\"" : "\"") + quoted + "\"";
                cells.push_back(value);
            }
            text += row % 2 == 0 ? "\n" : "\r\n";
            wanted.push_back(cells);
        }
        const auto rows = table(text, ',', 1 + random() % 40);
        REQUIRE(rows.size() == wanted.size());
        for (std::size_t row = 0; row < rows.size(); ++row) CHECK(rows[row].cells == wanted[row]);
    }
}

TEST_CASE("a broken row of a table fails alone, and a quote that is never closed takes the rest") {
    const auto rows = table("a,b\n1,2\n\"x\"y,2\n1\n1,2,3\n3,4\n");
    REQUIRE(rows.size() == 5);
    CHECK(rows[0].problem.empty());
    CHECK(rows[1].problem == "a cell goes on behind its closing quote");
    CHECK(rows[1].number == 3);
    CHECK(rows[2].problem == "has 1 cells, and there are 2 columns");
    CHECK(rows[3].problem == "has 3 cells, and there are 2 columns");
    CHECK(rows[4].cells == texts{"3", "4"});

    const auto open = table("a,b\n1,\"2\n3,4\n");
    REQUIRE(open.size() == 1);
    CHECK(open[0].problem == "a quote that opens on this line is never closed");
    CHECK(open[0].number == 2);
}

TEST_CASE("a row of a table is bounded, however many lines it has") {
    app::table_cutter cutter(',', 100);
    const auto rows =
        rows_of(cutter, "a\n\"" + std::string(60, 'x') + "\n" + std::string(60, 'y') + "\"\nz\n");
    REQUIRE(rows.size() == 2);
    CHECK(rows[0].too_long);
    CHECK(rows[0].number == 2);
    CHECK(rows[1].cells == texts{"z"});
}

TEST_CASE("rows that are blank or have only empty cells are passed over") {
    const auto rows = table("a;b\n;\n  \n1;2\n;\n", ';');
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].cells == texts{"1", "2"});
    CHECK(rows[0].number == 4);
}

TEST_CASE("a row says something else under other names") {
    const auto one = table("a,b\n1,2\n");
    CHECK(one[0].hash == table("a,b\r\n1,2")[0].hash);
    CHECK(one[0].hash != table("a,c\n1,2\n")[0].hash);
    CHECK(one[0].hash != table("a,b\n1,3\n")[0].hash);
}

TEST_CASE("elements of an array, however it is laid out") {
    const std::string text = "\xef\xbb\xbf [\n  {\"a\": \"],}\\\"\", \"b\": [1, {}]},\n  \"text\" , 17\n]\n";
    for (const std::size_t step : {std::size_t{1}, std::size_t{5}, SIZE_MAX}) {
        const auto rows = array(text, step);
        REQUIRE(rows.size() == 3);
        CHECK(rows[0].text == "{\"a\": \"],}\\\"\", \"b\": [1, {}]}");
        CHECK(rows[1].text == "\"text\"");
        CHECK(rows[2].text == "17");
        CHECK(rows[2].number == 3);
    }
    CHECK(array("[]").empty());
    CHECK(array(" [ ] ").empty());
}

TEST_CASE("an array that is none any more says so once") {
    const auto last = [](std::string_view text) { return array(text).back().problem; };
    CHECK(last("[1, 2") == "the array is not closed: the file may have been cut off");
    CHECK(last("[1, 2,") == "the array is not closed: the file may have been cut off");
    CHECK(last("[1] 2") == "something follows the end of the array");
    CHECK(last("[1,]") == "an element is missing behind the last comma");
    CHECK(last("[,1]") == "an element is missing before a comma");
    CHECK(last("[1}]") == "a } closes nothing");
    CHECK(array("[1] 2 3 [").size() == 2);
}

TEST_CASE("an element that is too long fails alone") {
    app::array_cutter cutter(100);
    const auto rows = rows_of(cutter, "[\"" + std::string(200'000, 'x') + "\", 2]");
    REQUIRE(rows.size() == 2);
    CHECK(rows[0].too_long);
    CHECK(rows[1].text == "2");
}

TEST_CASE("packed files are read as what is in them, several parts as one") {
    const std::string half(100'000, 'x');
    const auto text = half + "\n" + half + "\n";
    for (const auto& packed : {gzip(text), zstd(text), gzip(half + "\n") + gzip(half + "\n")}) {
        const auto rows = file("prompts", packed, {}, 1000);
        REQUIRE(rows.size() == 2);
        CHECK(rows[1].text == half);
        CHECK(rows[1].number == 2);
    }
    CHECK(file("t.csv.gz", gzip("a,b\n1,2\n"))[0].cells == texts{"1", "2"});
    CHECK(file("t.gz", "").empty());
}

TEST_CASE("packed files that are none, or damaged, are refused") {
    CHECK(refusal("p.gz", "hello\n") == "3 p.gz: is not packed with gzip, though it is named so");
    CHECK(refusal("p.zst", "hello\n") == "3 p.zst: is not packed with zstd, though it is named so");
    auto damaged = gzip("hello\n");
    CHECK(refusal("p.gz", damaged.substr(0, 12)) ==
          "3 p.gz: ends in the middle of packed data: it may have been cut off");
    CHECK(refusal("p.zst", zstd(std::string(1000, 'x')).substr(0, 12)) ==
          "3 p.zst: ends in the middle of packed data: it may have been cut off");
    damaged[12] = static_cast<char>(damaged[12] ^ 0x55);
    CHECK(refusal("p.gz", damaged).starts_with("3 p.gz: damaged gzip data: "));
}

TEST_CASE("how a file is read: by its name, by how it begins, or as it is told") {
    const auto format = [](const std::string& name, std::string_view text, const app::row_reading& how = {}) {
        return to_string(app::sniff_format(how, app::format_by_name(name), text).format);
    };
    CHECK(format("a", "{\"prompt\":1}\n") == "jsonl");
    CHECK(format("a", "\n [\n {\"prompt\":1}]") == "json");
    CHECK(format("a", "[1] see above\n") == "text");
    CHECK(format("a", "x,y\n") == "text");
    CHECK(format("a", "x|y\n", {row_format::automatic, '|'}) == "csv");
    CHECK(format("a.csv", "x,y\n") == "csv");
    CHECK(format("a.csv.zst", "x,y\n") == "csv");
    CHECK(format("a.csv", "x,y\n", {row_format::text, {}}) == "text");
    CHECK(format("a.tsv", "x\ty\n") == "tsv");
    CHECK(format("a.json", "[\n{}]") == "json");
    CHECK(format("a.json", "{\"a\":1}\n{\"a\":2}\n") == "jsonl");
    CHECK(format("a.ndjson", "{}\n") == "jsonl");
    CHECK(format("a.txt", "{\"a\":1}\n") == "text");
}

TEST_CASE("what does not look like what it is read as is refused, and the option named that is meant") {
    CHECK(refusal("a.jsonl", "[\n  {\"prompt\": 1}\n]\n") ==
          "2 a.jsonl: begins like one JSON array, and is read as JSONL: give --format json");
    CHECK(refusal("a.txt", "[\n  {\"prompt\": 1}\n]\n") ==
          "2 a.txt: begins like one JSON array, and is named as plain text: give --format json, or --format "
          "text if each line is a prompt");
    CHECK(
        refusal("a.txt", "{ \"messages\": []}\n") ==
        "2 a.txt: begins like an object a line, and is named as plain text: give --format jsonl, or --format "
        "text if each line is a prompt");
    CHECK(refusal("a.txt", "[\n  {\"prompt\": 1}\n]\n", {row_format::text, {}}) == "(none)");
    CHECK(refusal("a.txt", "[1] see above\n") == "(none)");
    CHECK(refusal("a.json", "{\n \"prompt\": 1\n}\n")
              .starts_with("2 a.json: is one JSON object over several lines"));
    CHECK(refusal("a", "{\"a\":1}\n", {row_format::json, {}}) ==
          "2 a: begins like an object a line, and is read as an array: give --format jsonl");
    CHECK(refusal("a", "{\"a\":1}\n", {row_format::csv, {}}) ==
          "2 a: begins like an object a line, and is read as a table: give --format jsonl");
    CHECK(refusal("a.csv", "x;y\n1;2\n") ==
          "2 a.csv: has \";\" in its first line and no comma: give --separator ';', or --separator , if it "
          "has one column");
    CHECK(refusal("a.csv", "x\ty\n").find("give --separator tab") != std::string::npos);
    CHECK(refusal("a.tsv", "x,y\n").find("give --separator ,, or --separator tab") != std::string::npos);
    CHECK(refusal("a.csv", "x y\n1\n") == "(none)");
    CHECK(refusal("a.csv", "x;y\n1;2\n", {row_format::automatic, ','}) == "(none)");
    using namespace std::string_view_literals;
    for (const auto utf16 : {"\xff\xfe"
                             "a\0b\0"sv,
                             "a\0b\0c\0"sv, "\0a\0b"sv}) {
        CHECK(refusal("a.csv", utf16) ==
              "2 a.csv: looks like UTF-16, and UTF-8 is read: iconv -f UTF-16 -t UTF-8 makes it that");
    }
}

TEST_CASE("columns that are asked for and are not there are refused, with those there are") {
    const auto check = [](const texts& columns, const std::string& form, const std::string& id = "",
                          bool send = false) {
        std::optional<stagger::wire::prompt_template> made;
        if (!form.empty()) made.emplace(form);
        try {
            app::check_columns("t.csv", columns, {made ? &*made : nullptr, id, send});
        } catch (const app::failure& refused) {
            return std::string(refused.what());
        }
        return std::string("(none)");
    };
    CHECK(check({"name", "age"}, "{nmae}?") ==
          "t.csv: the template's {nmae} is no column; did you mean name? There are: name, age");
    CHECK(check({"name", "age"}, "{name}?", "id") ==
          "t.csv: --id-column id is no column; there are: name, age");
    CHECK(check({"name", "name"}, "{name}?") == "t.csv: the template's {name} is the name of 2 columns");
    CHECK(check({"a", "a", "name"}, "{name}?") == "(none)");
    CHECK(check({"a", "b"}, "") ==
          "t.csv: has no column \"prompt\"; --template makes prompts of the columns there are: a, b");
    CHECK(check({"a", "prompt", "body"}, "") == "(none)");
    CHECK(check({"a", "prompt", "body"}, "", "", true).starts_with("t.csv: body: cannot be sent"));
    CHECK(check({"a", "body"}, "{body}", "", true) == "(none)");
}

TEST_CASE("a place is named as its file counts") {
    app::row_places places;
    places.file_begins("a", 0);
    places.file_begins("b", 10);
    places.file_begins("a", 0);  // looked at a second time
    places.file_begins("b", 10);
    CHECK(places.name_of(10) == "a:10");
    CHECK(places.name_of(11) == "b:1");
}

TEST_CASE("a separator is one character, or tab by its name") {
    CHECK(app::parse_separator(";") == ';');
    CHECK(app::parse_separator("tab") == '\t');
    CHECK(app::parse_separator("\\t") == '\t');
    for (const auto* wrong : {"", ";;", "\"", "\n", "\xc2"}) CHECK_FALSE(app::parse_separator(wrong));
}
