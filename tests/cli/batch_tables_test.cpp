// Tables, arrays and packed files as lists of prompts, over the throttled server.

#include <doctest/doctest.h>

#include <filesystem>

#include "cli/asked_prompts.hpp"
#include "cli/batch_command.hpp"
#include "cli/child.hpp"
#include "cli/result_lines.hpp"
#include "cli/servers.hpp"

namespace {

const std::string no_limits = R"([{"kind":"concurrency","max":1000}])";
const std::string at_once = R"({"kind":"constant","mean_s":0})";

using prompts = std::map<std::string, int>;

struct fixture {
    temporary_folder folder;
    throttled_server server{no_limits, at_once, "", {"--request-log", folder.path("log")}};

    outcome batch_of(const std::string& name, const std::string& text,
                     const std::vector<std::string>& options = {}) {
        return run(batch(server.base_url(), folder.write(name, text), folder.path("out"), options));
    }
    prompts sent() const { return asked(folder.read("log")); }
    std::multiset<std::string> ids() const { return ids_of(folder.read("out")); }
};

bool says(const outcome& got, const std::string& text) {
    return got.err.find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("rows of a table fill in a template; ids come from a column; other columns are not sent") {
    fixture all;
    const auto got = all.batch_of("people.csv", "name,age,body,key\nZo\xc3\xab,7,x,a\n\"Smith, J.\",8,y,b\n",
                                  {"--template", "{name} is {age}", "--id-column", "key"});
    CHECK_MESSAGE(got.code == 0, got.err);
    CHECK(all.sent() == prompts{{"Zo\xc3\xab is 7", 1}, {"Smith, J. is 8", 1}});
    CHECK(all.ids() == std::multiset<std::string>{"a", "b"});
}

TEST_CASE("a table's column prompt is the prompt, its rows are named after their lines") {
    fixture all;
    const auto got = all.batch_of("list.csv", "prompt,temperature\n\"one\ntwo\",hot\nthree,9\n");
    CHECK_MESSAGE(got.code == 0, got.err);
    CHECK(all.sent() == prompts{{"one\ntwo", 1}, {"three", 1}});
    CHECK(all.ids() == std::multiset<std::string>{"line-2", "line-4"});
}

TEST_CASE("columns are sent where that is asked for, as numbers where they are") {
    fixture all;
    const auto got =
        all.batch_of("list.csv", "prompt,temperature,max_tokens\none,0.5,\ntwo,9,3\n", {"--send-columns"});
    CHECK(got.code == 1);
    CHECK(says(got, "list.csv:3: temperature: must be"));
    CHECK(all.sent() == prompts{{"one", 1}});
}

TEST_CASE("a misspelt place is refused before anything is sent, with the names there are") {
    fixture all;
    auto got = all.batch_of("people.csv", "name,age\nA,1\n", {"--template", "{nmae}"});
    CHECK(got.code == 2);
    CHECK(
        says(got, "people.csv: the template's {nmae} is no column; did you mean name? There are: name, age"));
    got = all.batch_of("people.jsonl", "{\"name\":1}\n{\"age\":2}\n", {"--template", "{nmae}"});
    CHECK(got.code == 2);
    CHECK(says(got,
               "people.jsonl: the template's {nmae} is a member of none of the first lines; did you mean "
               "name? There are: name, age"));
    got = all.batch_of("people.txt", "A\n", {"--template", "{name}"});
    CHECK(got.code == 2);
    CHECK(all.server.stat("accepted") == 0);
    CHECK_FALSE(std::filesystem::exists(all.folder.path("out")));

    auto setup = batch(all.server.base_url(), "-", all.folder.path("out"),
                       {"--format", "csv", "--template", "{nmae}"});
    setup.input = "name,age\nA,1\n";
    got = run(setup);
    CHECK(got.code == 2);
    CHECK(says(
        got, "standard input: the template's {nmae} is no column; did you mean name? There are: name, age"));
    CHECK(all.server.stat("accepted") == 0);
}

TEST_CASE("what is no table, array or packed file as it is named is refused with what is meant") {
    fixture all;
    const auto refused = [&](const std::string& name, const std::string& text, int code,
                             const std::string& message, const std::vector<std::string>& options = {}) {
        const auto got = all.batch_of(name, text, options);
        CHECK(got.code == code);
        CHECK_MESSAGE(says(got, message), got.err);
    };
    refused("a.jsonl", "[\n{\"prompt\":\"x\"}\n]\n", 2, "give --format json");
    refused("a.csv", "id,question\n1,x\n", 2, "has no column \"prompt\"; --template");
    refused("b.csv", "prompt;x\na;b\n", 2, "give --separator ';'");
    refused("c.csv", std::string("\xff\xfep\0r\0", 6), 2, "looks like UTF-16");
    refused("d.csv.gz", "prompt\nx\n", 3, "is not packed with gzip");
    refused("e", "x\n", 2, "--format: must be auto, text, jsonl, csv, tsv or json, is \"xml\"",
            {"--format", "xml"});
    refused("f", "x\n", 2, "--separator: must be one ASCII character, or tab, is \";;\"",
            {"--separator", ";;"});
    refused("g", "x\n", 2, "--template: cannot stand beside --template-file",
            {"--template", "{text}", "--template-file", "x"});
    refused("h", "x\n", 2, "--system: the openai-completions dialect has no system message",
            {"--system", "Be brief.", "--dialect", "openai-completions"});
    CHECK(all.server.stat("accepted") == 0);
}

TEST_CASE("a table may be read as lines of text after all") {
    fixture all;
    CHECK(all.batch_of("a.csv", "x,y\n1,2\n", {"--format", "text"}).code == 0);
    CHECK(all.sent() == prompts{{"x,y", 1}, {"1,2", 1}});
}

TEST_CASE("an array of objects and of texts") {
    fixture all;
    CHECK(all.batch_of("a.json", "[\n  {\"id\": \"a\", \"prompt\": \"one\"},\n  \"two\"\n]\n").code == 0);
    CHECK(all.sent() == prompts{{"one", 1}, {"two", 1}});
    CHECK(all.ids() == std::multiset<std::string>{"a", "line-2"});
}

TEST_CASE("several files are one list, whose lines run on; a table is continued where it was left") {
    fixture all;
    const auto first = all.folder.write("a.csv", "prompt,x\none,1\ntwo,2\n");
    const auto second = all.folder.write("b.txt", "three\n");
    auto setup = batch(all.server.base_url(), first, all.folder.path("out"));
    setup.arguments.insert(setup.arguments.begin() + 2, second);
    auto got = run(setup);
    CHECK_MESSAGE(got.code == 0, got.err);
    CHECK(all.ids() == std::multiset<std::string>{"line-2", "line-3", "line-4"});

    all.folder.write("b.txt", "three\nfour\n");
    got = run(setup);
    CHECK(got.code == 0);
    CHECK(says(got, "3 answered already"));
    CHECK(all.sent() == prompts{{"one", 1}, {"two", 1}, {"three", 1}, {"four", 1}});

    all.folder.write("a.csv", "prompt,y\none,1\ntwo,2\n");
    got = run(setup);
    CHECK(got.code == 2);
    CHECK(says(got, "a.csv:2: is not what"));
}

TEST_CASE("a template and a system message come from files") {
    fixture all;
    const auto form = all.folder.write("form", "Say {text}\n");
    const auto system = all.folder.write("system", "Be brief.\n");
    CHECK(all.batch_of("a.txt", "one\n", {"--template-file", form, "--system-file", system}).code == 0);
    CHECK(all.folder.read("log").find("Say one") != std::string::npos);
    // Another system message asks something else.
    const auto got = all.batch_of("a.txt", "one\n", {"--template-file", form});
    CHECK(got.code == 2);
    CHECK(says(got, "was asked with another"));
}

TEST_CASE("--limit asks the first rows, --sample some of all; a run without them goes on with the others") {
    fixture all;
    const auto list = numbered_prompts(200);
    auto got = all.batch_of("list.txt", list, {"--limit", "10"});
    CHECK(got.code == 0);
    CHECK(says(got, "10 answered, 0 failed;"));
    CHECK(all.ids() == line_ids(1, 10));
    got = all.batch_of("list.txt", list, {"--limit", "10"});
    CHECK(says(got, "0 answered, 0 failed, 10 answered before;"));
    got = all.batch_of("list.txt", list, {"--sample", "30"});
    CHECK(got.code == 0);
    const auto sampled = all.ids();
    CHECK(sampled.size() >= 30);
    CHECK(sampled.size() <= 40);
    got = all.batch_of("list.txt", list, {"--sample", "30"});
    CHECK(all.ids() == sampled);
    CHECK(all.batch_of("list.txt", list).code == 0);
    CHECK(all.ids() == line_ids(1, 200));
    CHECK(all.sent().size() == 200);
    for (const auto& [prompt, times] : all.sent()) CHECK_MESSAGE(times == 1, prompt);
}

TEST_CASE("--limit of a pipe stops reading; --sample of one is refused; a dry run counts what is selected") {
    fixture all;
    auto setup = batch(all.server.base_url(), "-", all.folder.path("out"), {"--limit", "3"});
    setup.input = numbered_prompts(10);
    CHECK(run(setup).code == 0);
    CHECK(all.ids() == line_ids(1, 3));
    setup.arguments.back() = "4";
    setup.arguments[setup.arguments.size() - 2] = "--sample";
    auto got = run(setup);
    CHECK(got.code == 2);
    CHECK(says(got, "--sample: standard input can be read only once"));
    got = all.batch_of("list.txt", numbered_prompts(10), {"--limit", "5", "--dry-run", "--accept-changes"});
    CHECK(got.out.find("prompts to send   2\n") != std::string::npos);
    CHECK(got.out.find("answered before   3\n") != std::string::npos);
}

TEST_CASE("an id that two rows of a table have is refused with --check-ids, naming both") {
    fixture all;
    const auto got =
        all.batch_of("t.csv", "key,prompt\na,one\nb,two\na,three\n", {"--id-column", "key", "--check-ids"});
    CHECK(got.code == 2);
    CHECK(says(got, "t.csv:4: the id \"a\" is that of line 2"));
    CHECK(all.server.stat("accepted") == 0);
}

TEST_CASE("20,000 OpenAI Batch lines, some of which fail: once mended, --retry-failed asks those alone") {
    fixture all;
    const auto list = [](bool mended) {
        std::string text;
        for (int number = 1; number <= 20'000; ++number) {
            const bool wrong = !mended && number % 400 == 0;
            const auto text_of = std::to_string(number);
            text += R"({"custom_id":"r)" + text_of + R"(","method":")" + (wrong ? "GET" : "POST") +
                    R"(","url":"/v1/chat/completions","body":{"messages":[{"role":"user","content":"q)" +
                    text_of + R"("}]}})" + "\n";
        }
        return text;
    };
    auto got = all.batch_of("list.jsonl", list(false));
    CHECK(got.code == 1);
    CHECK(all.server.stat("accepted") == 19'950);
    got = all.batch_of("list.jsonl", list(true), {"--retry-failed"});
    CHECK_MESSAGE(got.code == 0, got.err);
    CHECK(all.server.stat("accepted") == 20'000);
    const auto ids = all.ids();
    CHECK(ids.size() == 20'000);
    CHECK(std::set<std::string>(ids.begin(), ids.end()).size() == 20'000);
}
