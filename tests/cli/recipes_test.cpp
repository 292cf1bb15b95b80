// docs/recipes.md, command by command.

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "cli/child.hpp"
#include "cli/result_lines.hpp"
#include "cli/servers.hpp"

namespace {

const std::string narrow = R"([{"kind":"token_bucket","rate_per_s":200,"burst":5}])";
const std::string brief = R"({"kind":"constant","mean_s":0.001})";

/// The blocks of one language under one heading of the page, together.
std::string blocks_of(const std::string& heading, const std::string& language) {
    std::ifstream page(RECIPES);
    REQUIRE(page.is_open());
    std::string all;
    bool here = false;
    bool inside = false;
    for (std::string line; std::getline(page, line);) {
        if (line.starts_with("```")) {
            inside = !inside && here && line == "```" + language;
        } else if (line.starts_with("## ")) {
            here = line == "## " + heading;
        } else if (inside) {
            all += line + "\n";
        }
    }
    REQUIRE_MESSAGE(!all.empty(), heading);
    return all;
}

/// A folder with a recipe's files, beside a server that throttles.
struct kitchen {
    temporary_folder folder;
    throttled_server server{narrow, brief};

    outcome cook(const std::string& heading, std::map<std::string, std::string> more = {}) const {
        const auto programs = std::filesystem::path(STAGGER_COMMAND).parent_path().string();
        child_setup shell{"/bin/sh", {"-euc", "cd \"$FOLDER\"\n" + blocks_of(heading, "sh")}};
        shell.environment = {{"PATH", programs + ":/usr/bin:/bin"},
                             {"FOLDER", folder.path("")},
                             {"OPENAI_BASE_URL", server.base_url()}};
        shell.environment.merge(more);
        return run(shell);
    }
    std::size_t lines(const std::string& name) const {
        const auto text = folder.read(name);
        return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    }
};

}  // namespace

TEST_CASE("recipes: the rows of a table are classified") {
    const kitchen one;
    std::string table = "id,review,stars\n";
    for (int row = 1; row <= 40; ++row) {
        table += std::to_string(row) + R"(,"say exactly: {""label"":""positive"",""about"":"")" +
                 std::to_string(row <= 30 ? row : row - 10) + "\"\"}\",4\n";
    }
    one.folder.write("reviews.csv", table);
    const auto got = one.cook("Classify the rows of a table");
    CHECK_MESSAGE(got.code == 0, got.err);
    CHECK(one.server.stat("accepted") == 30);  // of 40 rows 10 say what others do
    const auto labelled = one.folder.read("labelled.csv");
    CHECK(labelled.starts_with("id,review,stars,stagger_id,status,answer,"));
    CHECK(labelled.find(",label,about\n") != std::string::npos);
    CHECK(one.lines("labelled.csv") == 41);
}

TEST_CASE("recipes: questions are answered from passages") {
    const kitchen one;
    one.folder.write("answer.txt", blocks_of("Answer questions from passages", "text"));
    const auto example = blocks_of("Answer questions from passages", "json");
    one.folder.write("questions.jsonl", example);
    const auto got = one.cook("Answer questions from passages");
    CHECK_MESSAGE(got.code == 0, got.err);
    const auto rows = lines_of(one.folder.read("answered.jsonl"));
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].at("question") == boost::json::value("When is the office open?"));
    const std::string answer(rows[0].at("answer").as_string());
    CHECK(answer.find("[1] We open at nine.\n[2] Closed on Sundays.\n\nQuestion: When") != std::string::npos);
    CHECK(one.lines("again.jsonl") == 1);
}

TEST_CASE("recipes: answers are graded by a schema") {
    const kitchen one;
    one.folder.write("grade.schema.json", blocks_of("Grade answers by a schema", "json"));
    std::string table = "question,answer\n";
    for (int row = 1; row <= 10; ++row)
        table += R"(Why?,"say exactly: {""score"":)" + std::to_string(row % 5 + 1) +
                 R"(,""reason"":""r""}")" + "\n";
    one.folder.write("answers.csv", table);
    const auto got = one.cook("Grade answers by a schema");
    CHECK_MESSAGE(got.code == 0, got.err);
    CHECK(got.out == "10 graded, 3.00 on average\n");
}

TEST_CASE("recipes: a long list at night") {
    const kitchen one;
    std::string list;
    for (int line = 1; line <= 30; ++line)
        list += R"({"prompt":"Summarise )" + std::to_string(line) + "\"}\n";
    one.folder.write("documents.jsonl", list);
    auto got = one.cook("A long list at night, with a quota");
    CHECK_MESSAGE(got.code == 0, got.err);
    CHECK(got.out == "all done\n");
    CHECK(one.lines("summaries.jsonl") == 30);
    CHECK(one.server.stat("accepted") == 30);
    got = one.cook("A long list at night, with a quota");
    CHECK(got.out == "all done\n");
    CHECK(one.server.stat("accepted") == 30);
}

TEST_CASE("recipes: a night that meets its quota leaves the rest to the next") {
    const temporary_folder folder;
    // Five are all that there is, for longer than anybody waits.
    const throttled_server empty(R"([{"kind":"fixed_window","quota":5,"window_s":86400}])",
                                 R"({"kind":"constant","mean_s":0.001},"hints":{"retry_after":"integer"})");
    std::string list;
    for (int line = 1; line <= 8; ++line) list += R"({"prompt":"Summarise )" + std::to_string(line) + "\"}\n";
    folder.write("documents.jsonl", list);
    const auto programs = std::filesystem::path(STAGGER_COMMAND).parent_path().string();
    const auto night = [&](const std::string& url) {
        return run(
            {"/bin/sh",
             {"-euc", "cd \"$FOLDER\"\n" + blocks_of("A long list at night, with a quota", "sh")},
             {{"PATH", programs + ":/usr/bin:/bin"}, {"FOLDER", folder.path("")}, {"OPENAI_BASE_URL", url}}});
    };
    CHECK(night(empty.base_url()).out == "the rest is for the next night\n");
    const auto kept = lines_of(folder.read("summaries.jsonl")).size();
    CHECK(kept == 5);
    const throttled_server next(narrow, brief);
    CHECK(night(next.base_url()).out == "all done\n");
    CHECK(next.stat("accepted") == 3);
    CHECK(lines_of(folder.read("summaries.jsonl")).size() == 8);
}

TEST_CASE("recipes: several providers by profiles") {
    const kitchen one;
    const throttled_server hosted(narrow, brief, "sk-hosted");
    auto config = blocks_of("Several providers", "toml");
    const auto put = [&](const std::string& what, const std::string& with) {
        REQUIRE(config.find(what) != std::string::npos);
        config.replace(config.find(what), what.size(), with);
    };
    put("https://api.example.com/v1", hosted.base_url());
    put("/home/me/.config/hosted.key", one.folder.write("hosted.key", "sk-hosted\n"));
    put("http://127.0.0.1:8000/v1", one.server.base_url());
    one.folder.write("config.toml", config);
    one.folder.write("questions.txt", "one\ntwo\n");
    const auto got = one.cook("Several providers");
    CHECK_MESSAGE(got.code == 0, got.err);
    CHECK(hosted.stat("accepted") == 2);
    CHECK(one.server.stat("accepted") == 2);
    CHECK(one.lines("hosted.csv") == 3);
    CHECK(one.lines("local.csv") == 3);
}

TEST_CASE("recipes: what it will cost, and did") {
    const kitchen one;
    one.folder.write("prices.json", blocks_of("What will it cost?", "json"));
    one.folder.write("letters.txt", "one letter\nanother letter\n");
    const auto got = one.cook("What will it cost?");
    CHECK_MESSAGE(got.code == 0, got.err);
    CHECK(got.out.find("cost, about       ") != std::string::npos);
    CHECK(got.err.find("cost ") != std::string::npos);
    CHECK(one.folder.read("letters.csv").find(",0.00000") != std::string::npos);
}
