// Results joined back to the lists that they answer.

#include <doctest/doctest.h>

#include <set>

#include "cli/batch_command.hpp"
#include "cli/child.hpp"
#include "cli/result_lines.hpp"
#include "cli/servers.hpp"

namespace {

const std::string no_limits = R"([{"kind":"concurrency","max":1000}])";
const std::string at_once = R"({"kind":"constant","mean_s":0})";

struct fixture {
    temporary_folder folder;
    throttled_server server{no_limits, at_once};

    std::string answered(const std::string& name, const std::string& text,
                         const std::vector<std::string>& options = {}, const std::string& results = "out") {
        const auto list = folder.write(name, text);
        const auto got = run(batch(server.base_url(), list, folder.path(results), options));
        CHECK_MESSAGE(got.code <= 1, got.err);
        return list;
    }
    outcome exported(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), "export");
        return run({STAGGER_COMMAND, arguments});
    }
    std::string out() const { return folder.path("out"); }
};

bool says(const outcome& got, const std::string& text) {
    return got.err.find(text) != std::string::npos;
}

std::size_t lines_in(const std::string& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

TEST_CASE("500 classified rows come back in their order with their cells, answers and types") {
    fixture all;
    std::string table = "id,review\r\n";
    for (int row = 1; row <= 500; ++row) {
        const auto number = std::to_string(row);
        table += number + ",\"Nr \"\"" + number + "\"\",\nsay exactly: {\"\"label\"\":\"\"l" + number +
                 "\"\",\"\"score\"\":" + number + ",\"\"id\"\":null}\"\r\n";
    }
    const auto list = all.answered("reviews.csv", table,
                                   {"--template", "{review}", "--system", "Classify. Answer in JSON."});
    auto got = all.exported({all.out(), "--join", list, "--as", "jsonl", "-o", "-", "--answer-columns"});
    CHECK(got.code == 0);
    CHECK(says(got, "500 rows: 500 answered, 0 failed, 0 left"));
    const auto rows = lines_of(got.out);
    REQUIRE(rows.size() == 500);
    for (int row = 1; row <= 500; ++row) {
        const auto& one = rows[static_cast<std::size_t>(row - 1)];
        const auto number = std::to_string(row);
        CHECK(one.at("id") == boost::json::value(number));
        CHECK(one.at("review").as_string().starts_with("Nr \"" + number + "\",\nsay"));
        CHECK(one.at("label") == boost::json::value("l" + number));
        CHECK(one.at("score") == boost::json::value(row));
        CHECK(one.at("answer_id").is_null());
        CHECK(one.at("status") == boost::json::value("answered"));
        CHECK(one.at("stagger_id").is_string());
        CHECK(one.at("completion_tokens").is_number());
    }
    got = all.exported({all.out(), "--join", list, "--as", "csv", "-o", "-", "--quiet"});
    CHECK(got.err.empty());
    CHECK(got.out.starts_with(
        "id,review,stagger_id,status,answer,finish_reason,prompt_tokens,completion_tokens,cost,error\n"
        "1,\"Nr \"\"1\"\",\nsay exactly: "));
}

TEST_CASE("the shards of a list ask each line once, and are exported as one, in the list's order") {
    fixture all;
    std::string text;
    for (int row = 1; row <= 100; ++row)
        text += "{\"id\":\"r" + std::to_string(row) + "\",\"prompt\":\"p\"}\n";
    std::string list;
    std::vector<std::string> exporting;
    std::set<std::string> ids;
    std::size_t results = 0;
    for (const std::string index : {"0", "1", "2"}) {
        list = all.answered("list.jsonl", text, {"--shard", index + "/3"}, "out" + index);
        exporting.push_back(all.folder.path("out" + index));
        for (const auto& each : lines_of(all.folder.read("out" + index))) {
            ids.insert(std::string(each.at("custom_id").as_string()));
            ++results;
        }
    }
    CHECK(results == 100);
    CHECK(ids.size() == 100);
    CHECK(all.server.stat("accepted") == 100);
    exporting.insert(exporting.end(), {"--join", list, "--as", "jsonl", "-o", "-"});
    const auto got = all.exported(exporting);
    CHECK(got.code == 0);
    CHECK(says(got, "100 rows: 100 answered, 0 failed, 0 left"));
    const auto rows = lines_of(got.out);
    REQUIRE(rows.size() == 100);
    for (std::size_t row = 0; row < 100; ++row)
        CHECK(rows[row].at("id") == boost::json::value("r" + std::to_string(row + 1)));

    // A shard continues, and so does the whole list, from any of them.
    all.answered("list.jsonl", text, {"--shard", "1/3"}, "out1");
    CHECK(all.server.stat("accepted") == 100);
    all.answered("list.jsonl", text, {}, "out1");
    CHECK(all.server.stat("accepted") == 167);
}

TEST_CASE("failed rows, rows without a result and rows that cannot be read are shown") {
    fixture all;
    const auto list = all.answered("list.jsonl", "{\"id\":\"a\",\"prompt\":\"one\"}\n{broken\n\n");
    all.folder.write("list.jsonl",
                     "{\"id\":\"a\",\"prompt\":\"one\"}\n{broken\n\n{\"id\":\"d\",\"prompt\":\"new\"}\n");
    const auto got = all.exported({all.out(), "--join", list, "--as", "jsonl", "-o", "-"});
    CHECK(got.code == 0);
    CHECK(says(got, "3 rows: 1 answered, 1 failed, 1 left"));
    const auto rows = lines_of(got.out);
    REQUIRE(rows.size() == 3);
    CHECK(rows[0].at("answer") == boost::json::value("answer to: one"));
    CHECK(rows[1].at("status") == boost::json::value("failed"));
    CHECK(rows[1].at("error").as_string().starts_with("invalid_request: not valid JSON"));
    CHECK(rows[2].at("status") == boost::json::value("left"));
    CHECK(rows[2].at("id") == boost::json::value("d"));
    CHECK(rows[2].at("stagger_id") == boost::json::value("d"));
}

TEST_CASE("text: a line for each row, in the order of the list") {
    fixture all;
    const auto list = all.answered("list.txt", numbered_prompts(50));
    const auto got = all.exported({all.out(), "--join", list, "--as", "text", "-o", all.folder.path("text")});
    CHECK(got.code == 0);
    const auto text = all.folder.read("text");
    CHECK(lines_in(text) == 50);
    CHECK(text.starts_with("answer to: question 1\nanswer to: question 2\n"));
    // Results tell the order without the list, too.
    CHECK(all.exported({all.out(), "--as", "text", "-o", "-"}).out == text);
}

TEST_CASE("a list that changed, or is another one, is refused, and so is a row answered twice") {
    fixture all;
    const auto list = all.answered("list.txt", "one\ntwo\nthree\n");
    const auto refused = [&](std::vector<std::string> arguments, const std::string& message) {
        arguments.insert(arguments.end(), {"--as", "csv", "-o", all.folder.path("table")});
        const auto got = all.exported(arguments);
        CHECK(got.code == 2);
        CHECK_MESSAGE(says(got, message), got.err);
        CHECK_FALSE(std::filesystem::exists(all.folder.path("table")));
    };
    all.folder.write("list.txt", "one\n2\nthree\n");
    refused({all.out(), "--join", list}, "list.txt:2: is not what");
    all.folder.write("list.txt", "one\n");
    refused({all.out(), "--join", list},
            "2 results answer no row of what --join names: one answers line 3, and the last one is 1");
    all.folder.write("list.txt", "one\ntwo\nthree\n");
    all.answered("list.txt", "one\ntwo\nthree\n", {}, "again");
    refused({all.out(), all.folder.path("again"), "--join", list}, "is answered twice");
    refused({all.out(), "--join", "/dev/null"}, "needs files that can be read twice");
}

TEST_CASE("what the batch was told of the list need not be told again") {
    fixture all;
    const auto list = all.answered("list.data", "prompt|n\none|1\n", {"--format", "csv", "--separator", "|"});
    const auto got = all.exported({all.out(), "--join", list, "--as", "tsv", "-o", "-"});
    CHECK(got.code == 0);
    CHECK(got.out.starts_with("prompt\tn\tid\tstatus\tanswer"));
    CHECK(got.out.find("\none\t1\tline-2\tanswered\tanswer to: one\t") != std::string::npos);
}

TEST_CASE("several lists and several results are joined as one") {
    fixture all;
    const auto first = all.answered("a.csv", "prompt,x\none,1\n");
    const auto second = all.folder.write("b.jsonl", "{\"prompt\":\"two\",\"top_p\":0.5}\n");
    auto setup = batch(all.server.base_url(), first, all.out());
    setup.arguments.insert(setup.arguments.begin() + 2, second);
    CHECK(run(setup).code == 0);
    const auto got = all.exported({all.out(), "--join", first, second, "--as", "csv", "-o", "-"});
    CHECK(got.code == 0);
    CHECK(got.out.starts_with("prompt,x,top_p,id"));
    CHECK(got.out.find("\none,1,,line-2,answered") != std::string::npos);
    CHECK(got.out.find("\ntwo,,0.5,line-3,answered") != std::string::npos);
}

TEST_CASE("results of other tools are joined by their ids") {
    fixture all;
    const auto list = all.folder.write("list.csv", "key,x\nb,2\na,1\n");
    const auto results = all.folder.write(
        "results",
        R"({"id":"1","custom_id":"a","response":{"status_code":200,"request_id":"r","body":{"choices":[{"message":{"content":"A"}}]}},"error":null})"
        "\n");
    auto got = all.exported({results, "--join", list, "--as", "csv", "-o", "-"});
    CHECK(got.code == 2);
    CHECK(says(got, "--id-column says which column has their ids"));
    got = all.exported({results, "--join", list, "--as", "csv", "-o", "-", "--id-column", "key"});
    CHECK(got.code == 0);
    CHECK(got.out.find("\nb,2,b,left,") != std::string::npos);
    CHECK(got.out.find("\na,1,a,answered,A,") != std::string::npos);
}

TEST_CASE("a piece of a result at the end is left out; what is no result is refused") {
    fixture all;
    const auto list = all.answered("list.txt", "one\ntwo\n");
    auto text = all.folder.read("out");
    text.resize(text.size() - 40);
    all.folder.write("out", text);
    CHECK(says(all.exported({all.out(), "--join", list, "--as", "csv", "-o", "-"}),
               "2 rows: 1 answered, 0 failed, 1 left"));
    CHECK(all.exported({list, "--as", "csv", "-o", "-"}).code == 3);
    CHECK(all.exported({all.out(), "--as", "xml", "-o", "-"}).code == 2);
    CHECK(all.exported({all.out(), "--as", "csv", "-o", all.out()}).code == 2);
}
