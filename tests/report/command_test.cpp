#include <doctest/doctest.h>

#include "cli/child.hpp"
#include "load/results_file.hpp"
#include "report/report_results.hpp"
#include "support/temporary_folder.hpp"

namespace {

outcome report(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "report");
    return run({STAGGER_COMMAND, arguments});
}

std::string results_text() {
    return stagger::load::format_results(full_results().results);
}

}  // namespace

TEST_CASE("stagger report writes one page of several files") {
    const temporary_folder folder;
    const auto got = report({folder.write("a.json", results_text()), folder.write("b.json", results_text()),
                             "-o", folder.path("page.html")});
    CHECK(got.code == 0);
    CHECK(got.out.empty());
    CHECK(got.err.empty());
    const std::string page = folder.read("page.html");
    CHECK(page.starts_with("<!DOCTYPE html>"));
    CHECK(page.ends_with("</html>\n"));
    CHECK(page.find("<h1>4 runs against http://127.0.0.1:8080/v1</h1>") != std::string::npos);
    CHECK(page.find("coordinated (b.json)") != std::string::npos);
}

TEST_CASE("stagger report -o - writes the page to standard output") {
    const temporary_folder folder;
    const auto got = report({folder.write("a.json", results_text()), "-o", "-"});
    CHECK(got.code == 0);
    CHECK(got.out.ends_with("</html>\n"));
}

TEST_CASE("stagger report names the file that is no results file, and what is wrong with it") {
    const temporary_folder folder;
    const auto fails_with = [&](const std::string& file, const std::string& message) {
        const auto got = report({file, "-o", folder.path("page.html")});
        CHECK(got.code == 3);
        CHECK(got.err.starts_with("stagger: " + file + ": "));
        CHECK(got.err.find(message) != std::string::npos);
        CHECK(folder.read("page.html").empty());
    };
    fails_with(folder.path("absent.json"), "No such file");
    fails_with(folder.path(""), "directory");
    fails_with(folder.write("empty.json", ""), "must be the JSON that bench writes: incomplete");
    fails_with(folder.write("batch.jsonl", "{}\n{}\n"), "must be the JSON that bench writes: extra data");
    std::string other = results_text();
    const std::string schema = "stagger.results/1";
    fails_with(
        folder.write("other.json", other.replace(other.find(schema), schema.size(), "stagger.results/9")),
        "stagger.results/1");
    auto nothing = full_results().results;
    nothing.runs.clear();
    fails_with(folder.write("nothing.json", stagger::load::format_results(nothing)), "runs");
}

TEST_CASE("stagger report without a file or a place for the page is wrong usage") {
    CHECK(report({"-o", "page.html"}).code == 2);
    CHECK(report({"results.json"}).code == 2);
}

TEST_CASE("stagger report says where it cannot write the page") {
    const temporary_folder folder;
    const auto got = report({folder.write("a.json", results_text()), "-o", folder.path("absent/page.html")});
    CHECK(got.code == 3);
    CHECK(got.err.find("absent/page.html: No such file") != std::string::npos);
}
