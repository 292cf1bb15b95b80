// What decides an option's value, by itself: words, environment, configuration file.

#include <doctest/doctest.h>

#include <CLI/CLI.hpp>
#include <map>

#include "cli/arguments.hpp"
#include "cli/configurable_options.hpp"
#include "cli/configuration.hpp"
#include "cli/edit_distance.hpp"
#include "cli/endpoint_choice.hpp"
#include "cli/environment_settings.hpp"
#include "cli/exit_code.hpp"
#include "cli/line_words.hpp"
#include "support/temporary_folder.hpp"

using app::setting_source;

namespace {

using words = std::vector<std::string>;
using variables = std::map<std::string, std::string>;

app::environment_reader reading(const variables& all) {
    return [all](const std::string& name) {
        const auto found = all.find(name);
        return found == all.end() ? std::string() : found->second;
    };
}

/// A program with two commands, as the real one has them.
struct program {
    CLI::App root{"", "stagger"};
    std::string text;
    words many;
    bool flag = false;

    program() {
        root.add_option("-c,--config", text);
        root.add_option("--profile", text);
        root.add_flag("--allow-core-dumps", flag);
        auto& batch = *root.add_subcommand("batch", "");
        batch.add_option("PROMPTS", many);
        for (const auto* name : {"--base-url", "--api-key-file", "--dialect", "-m,--model", "--max-tokens"})
            batch.add_option(name, text);
        batch.add_option("--header", many)->take_all()->allow_extra_args(false);
        batch.add_flag("--quiet", flag);
        auto& report = *root.add_subcommand("report", "");
        report.add_option("--title", text);
        report.add_option("--join", many);
    }
    const CLI::App& command(const std::string& name) const { return *root.get_subcommand(name); }
};

std::string refusal(const std::function<void()>& tried, app::exit_code code = app::exit_code::wrong_usage) {
    try {
        tried();
    } catch (const app::failure& refused) {
        CHECK(refused.code() == code);
        return refused.what();
    }
    return "nothing";
}

std::string check(const std::string& text) {
    const program known;
    return refusal([&] { app::configuration(text, "f").check(known.root); });
}

std::string value(const std::vector<app::option_setting>& settings, const std::string& option) {
    for (const auto& each : settings) {
        if (each.option == option) return each.values.empty() ? "none" : each.values.front();
    }
    return "unset";
}

app::arguments arguments_of(const words& line, const variables& environment) {
    const program known;
    return app::all_arguments(known.root, line, reading(environment));
}

}  // namespace

TEST_CASE("the edit distance counts slips of the keyboard") {
    CHECK(app::edit_distance("", "") == 0);
    CHECK(app::edit_distance("model", "model") == 0);
    CHECK(app::edit_distance("Model", "mODEL") == 0);
    CHECK(app::edit_distance("", "abc") == 3);
    CHECK(app::edit_distance("abc", "") == 3);
    CHECK(app::edit_distance("modle", "model") == 1);  // neighbours changed places
    CHECK(app::edit_distance("modl", "model") == 1);
    CHECK(app::edit_distance("moddel", "model") == 1);
    CHECK(app::edit_distance("nodel", "model") == 1);
    CHECK(app::edit_distance("kitten", "sitting") == 3);
    CHECK(app::edit_distance("ca", "abc") == 3);  // nothing is changed twice
}

TEST_CASE("what was meant is the nearest of what is near") {
    const words known{"batch", "bench", "complete", "replay", "report"};
    CHECK(app::nearest("bacth", known) == "batch");
    CHECK(app::nearest("bnech", known) == "bench");
    CHECK(app::nearest("repot", known) == "report");
    CHECK(app::nearest("compleet", known) == "complete");
    CHECK_FALSE(app::nearest("xyz", known));
    CHECK_FALSE(app::nearest("", known));
    CHECK_FALSE(app::nearest("b", {"c"}));
    CHECK_FALSE(app::nearest(std::string(1000, 'b'), known));
    CHECK(app::did_you_mean("bacth", known) == "; did you mean batch?");
    CHECK(app::did_you_mean("xyz", known).empty());
    CHECK(app::or_there_are("nmae", {"name", "age"}, "name, age") ==
          "; did you mean name? There are: name, age");
    CHECK(app::or_there_are("zzzz", {"name"}, "name") == "; there are: name");
}

TEST_CASE("a configuration file is TOML, and its entries know their lines") {
    const auto sections = app::parse_config(
        "allow-core-dumps = true\n[batch]\nmodel = \"a # no comment\"  # one\nrpm = 1.5\nmax-tokens = 7\n"
        "param = [\n  \"a=1\",\n  'b=\"x, y\"',\n]\n[profile.local.batch]\nquiet = false\n",
        "f");
    const auto find = [&](const words& heading) {
        for (const auto& each : sections) {
            if (each.heading == heading) return each;
        }
        return app::config_section();
    };
    CHECK(find({}).entries.at(0).values == words{"true"});
    const auto batch = find({"batch"});
    CHECK(batch.line == 2);
    REQUIRE(batch.entries.size() == 4);
    for (const auto& each : batch.entries) {
        if (each.name == "model") CHECK(each.values == words{"a # no comment"});
        if (each.name == "model") CHECK(each.line == 3);
        if (each.name == "rpm") CHECK(each.values == words{"1.5"});
        if (each.name == "max-tokens") CHECK(each.values == words{"7"});
        if (each.name == "param") CHECK(each.values == words{"a=1", "b=\"x, y\""});
        CHECK(each.is_list == (each.name == "param"));
    }
    CHECK(find({"profile", "local", "batch"}).entries.at(0).values == words{"false"});
}

TEST_CASE("what is wrong with a configuration file is told with its line and what was meant") {
    CHECK(check("[batch]\nmodle = \"x\"\n") == "f:2: modle is not an option of batch; did you mean model?");
    CHECK(check("[bacth]\nmodel = \"x\"\n") == "f:1: [bacth] is no section; did you mean batch?");
    CHECK(check("\n[common]\nzzz = 1\n") == "f:3: zzz is not an option of any command");
    CHECK(check("model = \"x\"\n") ==
          "f:1: model is not an option of stagger itself; it belongs under [common] or a command");
    CHECK(check("[report]\nmodel = \"x\"\n") == "f:2: model is not an option of report");
    CHECK(check("[profile]\nmodel = \"x\"\n") == "f:2: a profile has a name: [profile.NAME]");
    CHECK(check("[profile.a.bacth]\nmodel = \"x\"\n").starts_with("f:1: [profile.a.bacth] is no section"));
    CHECK(check("[profile.a.common]\nmodel = \"x\"\n").starts_with("f:1: what all commands share"));
    CHECK(check("[batch]\nconfig = \"x\"\n") == "f:2: config is not an option of batch");
    CHECK(check("[report]\njoin = \"x\"\n") ==
          "f:2: join is not an option of report");  // only the command line's
    CHECK(check("[batch]\nmodel = x\n").starts_with("f:2: is not TOML, in which texts stand in quotes: "));
    CHECK(
        check("[batch]\nmodel = 2026-01-01\n").starts_with("f:2: model: must be a text in quotes, a number"));
    CHECK(check("[batch]\nmodel = \"a\"\nmodel = \"b\"\n").starts_with("f:3: "));
    CHECK(check("[batch]\nmodel = \"a\"\n[common]\nquiet = true\n[profile.x]\nmodel = \"b\"\n") == "nothing");
}

TEST_CASE("the more is said about a run, the earlier it goes") {
    const program known;
    const app::configuration file(
        "default-profile = \"usual\"\n[common]\nmodel = \"all\"\nmax-tokens = 1\ntitle = "
        "\"t\"\n[batch]\nmax-tokens "
        "= 2\n"
        "[profile.fast]\nmodel = \"quick\"\n[profile.fast.batch]\nmax-tokens = 3\n[profile.usual]\n",
        "f");
    const auto of = [&](const std::string& profile) {
        return file.of_command(known.command("batch"), profile, false);
    };
    CHECK(file.usual_profile() == "usual");
    CHECK(value(of(""), "model") == "all");
    CHECK(value(of(""), "max-tokens") == "2");
    CHECK(value(of(""), "title") == "unset");
    CHECK(value(of("fast"), "model") == "quick");
    CHECK(value(of("fast"), "max-tokens") == "3");
    CHECK(value(file.of_command(known.command("report"), "", false), "title") == "t");
    CHECK(refusal([&] { of("fsat"); }) ==
          "f: no profile \"fsat\"; did you mean fast? There are: fast, usual");
    CHECK(refusal([&] { app::configuration("", "f").of_command(known.command("batch"), "x", false); }) ==
          "f: no profile \"x\"; it has none");
    const app::configuration list("[batch]\nmodel = [\"a\", \"b\"]\n", "f");
    CHECK(refusal([&] { list.of_command(known.command("batch"), "", false); }) ==
          "f:2: model: takes one value, not a list");
}

TEST_CASE("the last value that words give an option") {
    const words line{"--a", "1", "--b=2", "--a=3", "--", "--b", "4"};
    CHECK(app::last_value(line, {"--a"}) == "3");
    CHECK(app::last_value(line, {"--b"}) == "2");
    CHECK_FALSE(app::last_value(line, {"--c"}));
    CHECK(app::last_value({"-cfile"}, {"-c", "--config"}) == "file");
    CHECK(app::last_value({"-c", "file"}, {"-c", "--config"}) == "file");
    CHECK(app::last_value({"--config"}, {"-c", "--config"}) == "");
    CHECK_FALSE(app::last_value({"--configure=x"}, {"-c", "--config"}));
}

TEST_CASE("options that take one value are read from the environment") {
    const program known;
    const auto settings = app::environment_settings(
        known.command("batch"),
        reading({{"STAGGER_MAX_TOKENS", "5"}, {"STAGGER_HEADER", "x"}, {"STAGGER_MODEL", ""}}));
    REQUIRE(settings.size() == 1);
    CHECK(settings.front().option == "max-tokens");
    CHECK(settings.front().values == words{"5"});
    CHECK(settings.front().place == "STAGGER_MAX_TOKENS");
}

TEST_CASE("a base URL and the key beside it belong together") {
    const std::string ours = "http://ours/v1";
    const auto from = [](const std::string& option, const std::string& value, setting_source source,
                         const std::string& beside = "") {
        return app::option_setting{option, {value}, source, "f:1", beside};
    };
    const auto choose = [](std::vector<app::option_setting>& settings, const words& line,
                           const variables& all) {
        return app::choose_endpoint(settings, line, reading(all));
    };
    std::vector<app::option_setting> settings{from("base-url", ours, setting_source::file, ours),
                                              from("api-key-file", "key", setting_source::file, ours)};
    const std::string withheld = "the key of f:1 is not sent: it is for the base URL that it stands beside";

    SUBCASE("both are taken where nothing else is named, before a key of the environment") {
        CHECK(choose(settings, {}, {{"OPENAI_API_KEY", "sk"}}).empty());
        CHECK(value(settings, "base-url") == ours);
        CHECK(value(settings, "api-key-file") == "key");
    }
    SUBCASE("the environment's goes before the file's, with a warning, and without the file's key") {
        const auto remarks = choose(settings, {}, {{"OPENAI_BASE_URL", "http://user:pass@other/v1"}});
        CHECK(remarks == words{"the base URL of OPENAI_BASE_URL is taken, not that of f:1; --base-url or "
                               "--profile chooses",
                               withheld});
        CHECK(settings.empty());
    }
    SUBCASE("no warning where both name the same") {
        CHECK(choose(settings, {}, {{"OPENAI_BASE_URL", ours + "/"}}).empty());
        CHECK(value(settings, "api-key-file") == "key");
    }
    SUBCASE("the variable is that of the dialect") {
        settings.push_back(from("dialect", "llm-engine", setting_source::file));
        CHECK(choose(settings, {}, {{"OPENAI_BASE_URL", "http://other/v1"}}).empty());
        CHECK(choose(settings, {}, {{"LLM_ENGINE_BASE_PATH", "http://other"}}).size() == 2);
    }
    SUBCASE("that of any dialect, also of one that the command line names") {
        const words line{"--dialect", "anthropic-messages"};
        CHECK(choose(settings, line, {{"OPENAI_BASE_URL", "http://other/v1"}}).empty());
        CHECK(choose(settings, line, {{"ANTHROPIC_BASE_URL", "http://other"}}).size() == 2);
    }
    SUBCASE("the command line chooses, and needs no warning but for the key") {
        CHECK(choose(settings, {"--base-url", "http://third/v1"}, {{"OPENAI_BASE_URL", "http://other/v1"}}) ==
              words{withheld});
        CHECK(value(settings, "api-key-file") == "unset");
    }
    SUBCASE("a key that the command line names goes wherever it says") {
        CHECK(choose(settings, {"--base-url=http://third/v1", "--api-key-file=mine"}, {}).empty());
    }
    SUBCASE("a profile that the command line names goes before the environment") {
        for (auto& each : settings) each.source = setting_source::chosen_profile;
        CHECK(
            choose(settings, {}, {{"OPENAI_BASE_URL", "http://other/v1"}, {"OPENAI_API_KEY", "sk"}}).empty());
        CHECK(value(settings, "base-url") == ours);
        CHECK(value(settings, "api-key-file") == "key");
    }
    SUBCASE("a key of the file that stands beside none comes after one of the environment") {
        std::vector<app::option_setting> alone{from("api-key-file", "key", setting_source::file)};
        CHECK(choose(alone, {"--base-url", ours}, {}).empty());
        CHECK(value(alone, "api-key-file") == "key");
        CHECK(choose(alone, {"--base-url", ours}, {{"OPENAI_API_KEY", "sk"}}).empty());
        CHECK(alone.empty());
    }
    SUBCASE("of the environment only a key counts that goes to that provider") {
        std::vector<app::option_setting> alone{from("api-key-file", "key", setting_source::file)};
        const words line{"--base-url", "https://api.anthropic.com"};
        CHECK(choose(alone, line, {{"OPENAI_API_KEY", "sk"}}).empty());
        CHECK(value(alone, "api-key-file") == "key");
        CHECK(choose(alone, line, {{"ANTHROPIC_API_KEY", "sk"}}).empty());
        CHECK(alone.empty());
    }
    SUBCASE("a header that carries a key is kept with it, any other is sent") {
        app::option_setting headers{
            "header", {"X-Api-Key: 0123456789", "X-Team: words"}, setting_source::file, "f:1", ours};
        settings = {headers};
        CHECK(choose(settings, {"--base-url", "http://third/v1"}, {}) ==
              words{"a header of f:1 is not sent: it is for the base URL that it stands beside"});
        CHECK(settings.at(0).values == words{"X-Team: words"});
    }
}

TEST_CASE("the words of a command line are completed by environment and file, the last of which wins") {
    const temporary_folder folder;
    const auto config = folder.write(
        "c.toml",
        "allow-core-dumps = true\n[batch]\nmodel = \"file\"\nmax-tokens = 1\nheader = [\"A: 1\", \"B: 2\"]\n"
        "[profile.p]\nmodel = \"profile\"\n");
    const auto all = arguments_of({"-c", config, "batch", "x"}, {{"STAGGER_MODEL", "variable"}});
    CHECK(all.words == words{"--allow-core-dumps=true", "-c", config, "batch", "--header=A: 1",
                             "--header=B: 2", "--max-tokens=1", "--model=file", "--model=variable", "x"});
    CHECK(all.places.at("max-tokens") == config + ":4");
    CHECK_FALSE(all.places.contains("model"));

    const auto chosen = arguments_of({"batch", "--header", "C: 3", "--profile", "p"},
                                     {{"STAGGER_CONFIG", config}, {"STAGGER_MODEL", "variable"}});
    CHECK(chosen.words == words{"--allow-core-dumps=true", "batch", "--max-tokens=1", "--model=variable",
                                "--model=profile", "--header", "C: 3", "--profile", "p"});
    CHECK(chosen.profile == "p");
    CHECK(chosen.places.at("model") == config + ":7");

    const auto short_name = arguments_of({"batch", "-m", "line"}, {{"STAGGER_CONFIG", config}});
    CHECK_FALSE(short_name.places.contains("model"));

    const auto quietly = arguments_of({"batch"}, {{"STAGGER_CONFIG", config}, {"STAGGER_PROFILE", "p"}});
    CHECK(std::find(quietly.words.begin(), quietly.words.end(), "--model=profile") != quietly.words.end());

    CHECK(arguments_of({"help", "batch"}, {{"STAGGER_CONFIG", "missing"}}).words == words{"batch", "--help"});
    CHECK(arguments_of({"help"}, {}).words == words{"--help"});
    CHECK(arguments_of({"help", "bacth"}, {}).words == words{"bacth"});
    CHECK(arguments_of({"nope"}, {}).words == words{"nope"});
    CHECK(refusal(
              [&] {
                  arguments_of({"batch", "-c", folder.path("none")}, {});
              },
              app::exit_code::file_failed)
              .find("none: No such file") != std::string::npos);
    CHECK(refusal([] {
              arguments_of({"batch", "--profile", "x"}, {});
          }) == "--profile: no profile \"x\"; there is no configuration file");
}

TEST_CASE("a message about an option that the file decides names file and line") {
    const std::map<std::string, std::string> places{{"model", "f:3"}};
    CHECK(app::placed("--model: is odd", places) == "f:3: --model: is odd");
    CHECK(app::placed("--model x: is odd", places) == "f:3: --model x: is odd");
    CHECK(app::placed("--other: is odd", places) == "--other: is odd");
    CHECK(app::placed("odd", places) == "odd");
}
