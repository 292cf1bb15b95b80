// What a shell is offered, without a shell.

#include <doctest/doctest.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "cli/child.hpp"
#include "cli/program.hpp"
#include "completions/offered_words.hpp"
#include "completions/option_choices.hpp"
#include "completions/shell_completion.hpp"
#include "coordinator/send_policy.hpp"
#include "rows/row_format.hpp"
#include "sending/progress_display.hpp"
#include "stagger/dialect.hpp"

namespace {

using words = std::vector<std::string>;
using on_disk = app::value_choices::on_disk;

const app::known_names known{{"fast", "local"}, {"large", "small"}};

app::offered_words offered(const words& line) {
    static const app::program all;
    return app::words_to_offer(all.parser(), line, known);
}

words texts(const app::offered_words& offer) {
    words all;
    for (const auto& each : offer.words) all.push_back(each.text);
    return all;
}

bool offers(const words& line, const std::string& word) {
    const auto all = texts(offered(line));
    return std::find(all.begin(), all.end(), word) != all.end();
}

/// An option's name or an argument's, whichever it is.
bool takes(const CLI::App& command, const std::string& name) {
    return command.get_option_no_throw("--" + name) != nullptr ||
           command.get_option_no_throw(name) != nullptr;
}

}  // namespace

TEST_CASE("completion: whatever has choices is an option or an argument of that command") {
    const app::program all;
    for (const auto& [command, name] : app::names_with_choices()) {
        CAPTURE(name);
        const std::string wanted(name);
        bool found = takes(all.parser(), wanted);
        for (const auto& each : all.commands())
            found = found ||
                    ((command.empty() || each.parser->get_name() == command) && takes(*each.parser, wanted));
        CHECK(found);
    }
}

TEST_CASE("completion: every value that is offered is one that is taken") {
    const auto of = [](std::string_view name) { return app::choices_of("batch", name, known).words; };
    CHECK(of("policy").size() > 3);
    for (const auto& each : of("policy")) CHECK(stagger::find_send_policy(each));
    CHECK(of("dialect").front() == "auto");
    for (const auto& each : of("dialect")) CHECK((each == "auto" || stagger::parse_dialect(each)));
    CHECK(of("format").size() == 6);
    for (const auto& each : of("format")) CHECK(app::parse_row_format(each));
    CHECK(of("progress").size() == 5);
    for (const auto& each : of("progress")) CHECK_NOTHROW(app::parse_progress_mode(each));
    CHECK(app::choices_of("simulate", "show", known).words.size() > 3);
    CHECK(app::choices_of("simulate", "kind", known).is_list);
    CHECK(app::choices_of("batch", "max-tokens", known).words.empty());
}

TEST_CASE("completion: commands") {
    CHECK(texts(offered({"ba"})) == words{"batch"});
    CHECK(offers({""}, "batch"));
    CHECK(offers({""}, "help"));
    CHECK(offers({"help", ""}, "batch"));
    CHECK_FALSE(offers({"help", ""}, "help"));
    CHECK(texts(offered({"limits", ""})) == words{"forget"});
    CHECK(offers({"limits", "forget", "--"}, "--all"));
    CHECK(offers({"-c", "file", "--profile", "local", "b"}, "batch"));
    CHECK(offered({"ba"}).words.front().about == "Answer a list of prompts into a results file");
}

TEST_CASE("completion: options of the command, and of the program") {
    CHECK(texts(offered({"batch", "--max-to"})) == words{"--max-tokens"});
    CHECK(offers({"batch", "--"}, "--profile"));
    CHECK(offers({"batch", "--"}, "--help"));
    CHECK_FALSE(offers({"limits", "--"}, "--model"));
    CHECK(offers({"--"}, "--config"));
    const auto one = offered({"batch", "--log-level"});
    REQUIRE(one.words.size() == 1);
    CHECK(one.words.front().about == "trace, debug, info, warn, error or off");
}

TEST_CASE("completion: values") {
    CHECK(texts(offered({"batch", "--log-level", "w"})) == words{"warn"});
    CHECK(texts(offered({"batch", "--log-level=w"})) == words{"--log-level=warn"});
    CHECK(texts(offered({"batch", "-m", ""})) == words{"large", "small"});
    CHECK(texts(offered({"--profile", "l"})) == words{"local"});
    CHECK(texts(offered({"batch", "--profile", "l"})) == words{"local"});
    CHECK(texts(offered({"batch", "--max-tokens", ""})).empty());
    CHECK(texts(offered({"batch", "--quiet", ""})).empty());
    CHECK(offered({"batch", "--quiet", ""}).paths == on_disk::files);  // behind a flag comes an argument
    CHECK(offers({"bench", "--policy", "coordinated,ten"}, "coordinated,tenacity"));
    CHECK(offers({"bench", "--policy=coordinated,ten"}, "--policy=coordinated,tenacity"));
    CHECK_FALSE(offers({"batch", "--policy", "coordinated,ten"}, "coordinated,tenacity"));
    CHECK(offers({"serve", "--keepalive", ""}, "comment"));
}

TEST_CASE("completion: files by kind") {
    const auto endings = [](const words& line) {
        const auto offer = offered(line);
        CHECK(offer.paths == on_disk::files);
        return offer.endings;
    };
    CHECK(endings({"batch", "--schema", ""}) == words{"json"});
    CHECK(endings({"batch", "--schema=x"}) == words{"json"});
    CHECK(endings({"-c", ""}) == words{"toml"});
    CHECK(endings({"batch", "--api-key-file", ""}).empty());
    const auto lists = endings({"batch", ""});
    CHECK(std::find(lists.begin(), lists.end(), "csv") != lists.end());
    CHECK(endings({"batch", "a.csv", ""}) == lists);  // takes several
    CHECK(endings({"batch", "a.csv", "-o", ""}) == words{"jsonl"});
    CHECK(endings({"export", "r.jsonl", "-o", ""}).front() == "csv");
    CHECK(offered({"replay", "log.jsonl", ""}).paths == on_disk::nothing);  // takes one
    CHECK(offered({"simulate", "--write-suite", ""}).paths == on_disk::folders);
    CHECK(offered({"complete", ""}).paths == on_disk::nothing);
    const auto scenarios = offered({"simulate", ""});
    CHECK_FALSE(scenarios.words.empty());
    CHECK(scenarios.endings == words{"json"});
}

TEST_CASE("completion: the answer to a shell is lines") {
    const temporary_folder folder;
    const auto config = folder.write("c.toml", "[batch]\nmodel = \"of the file\"\n[profile.night]\n");
    const app::program all;
    const auto ask = [&](const words& line) {
        return app::completion_text(all.parser(), line, [](const std::string&) { return std::string(); });
    };
    CHECK(app::asks_for_completion({"__complete"}));
    CHECK_FALSE(app::asks_for_completion({"batch", "__complete"}));
    CHECK_FALSE(app::asks_for_completion({}));
    CHECK(ask({"__complete", "-c", config, "--profile", ""}) == "night\n");
    CHECK(ask({"__complete", "batch", "-c", config, "--profile", ""}) == "night\n");
    CHECK(ask({"__complete", "-c", config, "batch", "-m", "of"}) == "of the file\n");
    CHECK(ask({"__complete", "-c", folder.path("none"), "--profile", ""}).empty());
    CHECK(ask({"__complete", "ba"}) == "batch\tAnswer a list of prompts into a results file\n");
    CHECK(ask({"__complete", "batch", "--schema", ""}) == ":files json\n");
    CHECK(ask({"__complete", "batch", "--system-file", ""}) == ":files\n");
    CHECK(ask({"__complete", "simulate", "--write-suite", ""}) == ":folders\n");
    CHECK_FALSE(ask({"__complete"}).empty());
}
