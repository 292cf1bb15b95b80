#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "cli/batch_command.hpp"
#include "cli/child.hpp"
#include "cli/servers.hpp"

using stagger::test::answer;
using stagger::test::chat_answer;

namespace {

using words = std::vector<std::string>;

// Sixty requests cannot but meet it.
const std::string small_window = R"([{"kind":"fixed_window","quota":15,"window_s":1}])";
const std::string quick = R"({"kind":"constant","mean_s":0.02})";

child_setup batch_of_sixty(const std::string& base_url, const temporary_folder& folder,
                           const words& options) {
    return batch(base_url, folder.write("prompts", numbered_prompts(60)), folder.path("out"), options);
}

outcome replay(const std::string& log, const std::string& input = {}) {
    return run({STAGGER_COMMAND, {"replay", log}, {}, input});
}

std::size_t lines_in(const std::string& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

std::size_t times_in(const std::string& text, const std::string& part) {
    std::size_t count = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
    return count;
}

std::string with_one_answer_changed(std::string log) {
    const std::string answer = R"("event":"throttled")";
    const auto at = log.find("\"earliest_ns\":", log.find(answer));
    REQUIRE(at != std::string::npos);
    log.insert(at + std::string("\"earliest_ns\":").size(), "1");
    return log;
}

}  // namespace

TEST_CASE("the decision log of a batch replays to the same decisions") {
    const temporary_folder folder;
    const throttled_server server(small_window, quick);
    const auto log = folder.path("log");
    const auto got = run(batch_of_sixty(server.base_url(), folder, {"--decision-log", log}));
    CHECK(got.code == 0);
    const auto rejected = std::to_string(server.stat("rejected"));

    const auto again = replay(log);
    CHECK(again.code == 0);
    CHECK(again.err.empty());
    CHECK(again.out.find("60 submitted, " + rejected + " resubmitted") != std::string::npos);
    CHECK(again.out.find("60 accepted, " + rejected + " rejected") != std::string::npos);
    CHECK(again.out.find(" %  pace\n") != std::string::npos);
    CHECK(again.out.find("ramp -> search") != std::string::npos);
    const auto decisions =
        lines_in(folder.read("log")) - 1 - times_in(folder.read("log"), R"("event":"label")");
    CHECK(again.out.ends_with("replayed: " + std::to_string(decisions) + " decisions, all the same\n"));

    // A second run's log takes the first one's place.
    CHECK(run(batch_of_sixty(server.base_url(), folder, {"--decision-log", log})).code == 0);
    CHECK(replay(log).out.find("0 submitted") != std::string::npos);
}

TEST_CASE("a changed answer is found and told with its line") {
    const temporary_folder folder;
    const throttled_server server(small_window, quick);
    CHECK(run(batch_of_sixty(server.base_url(), folder, {"--decision-log", folder.path("log")})).code == 0);
    const auto changed = with_one_answer_changed(folder.read("log"));
    const auto line = 1 + lines_in(changed.substr(0, changed.find(R"("event":"throttled")")));
    const auto path = folder.write("changed", changed);
    const auto got = replay(path);
    CHECK(got.code == 1);
    CHECK(got.out.empty());
    CHECK(
        got.err.starts_with("stagger: " + path + ":" + std::to_string(line) + ": the replay differs here\n"));
    CHECK(got.err.find("\n  logged   {\"at_ns\":") != std::string::npos);
    CHECK(got.err.find("\n  replayed {\"at_ns\":") != std::string::npos);
}

TEST_CASE("replay --why tells one row's story, by its line or its id") {
    const temporary_folder folder;
    const throttled_server server(small_window, quick);
    const auto log = folder.path("log");
    const auto got = run(batch_of_sixty(server.base_url(), folder, {"--decision-log", log}));
    CHECK(got.code == 0);
    const auto why = [&](const std::string& id, const std::string& file) {
        return run({STAGGER_COMMAND, {"replay", "--why", id, file}});
    };
    // Sixty at once cannot but be refused sometimes: the first row that was.
    const auto text = folder.read("log");
    const std::string again = R"("event":"resubmit")";
    REQUIRE(text.find(again) != std::string::npos);
    const std::string label = R"("label":")";
    const auto at = text.find(label, text.find(again)) + label.size();
    const auto id = text.substr(at, text.find('"', at) - at);
    const auto story = why(id, log);
    CAPTURE(story.out);
    CHECK(story.code == 0);
    CHECK(story.err.empty());
    CHECK(story.out.find(" s  joins the line\n") != std::string::npos);
    CHECK(story.out.find("attempt 1 is sent, after ") != std::string::npos);
    CHECK(story.out.find("refused ") != std::string::npos);
    CHECK(story.out.find("joins it again, after a refusal") != std::string::npos);
    CHECK(story.out.find("attempt 2 is sent, after ") != std::string::npos);
    CHECK(story.out.find("admitted and done ") != std::string::npos);
    CHECK(id.starts_with("line-"));
    CHECK(why(id.substr(5), log).out == story.out);

    const auto unknown = why("line-61", log);
    CHECK(unknown.code == 1);
    CHECK(unknown.out.empty());
    CHECK(unknown.err.find("no row \"line-61\" was sent") != std::string::npos);
    std::string old;  // as 0.1 wrote it
    for (std::size_t begin = 0; begin < text.size();) {
        const auto end = text.find('\n', begin) + 1;
        const auto line = text.substr(begin, end - begin);
        if (line.find(R"("event":"label")") == std::string::npos) old += line;
        begin = end;
    }
    const auto old_log = folder.write("old", old);
    CHECK(why(id, old_log).code == 1);
    CHECK(why(id, old_log).err.find("does not say which row is which") != std::string::npos);
    CHECK(replay(old_log).code == 0);
}

TEST_CASE("complete writes a decision log, too, and replay reads standard input") {
    const temporary_folder folder;
    scripted_server server({{{chat_answer("hi")}}});
    const auto got =
        run({STAGGER_COMMAND,
             {"complete", "hello", "--base-url", server.base_url(), "--decision-log", folder.path("log")}});
    CHECK(got.code == 0);
    CHECK(got.out == "hi\n");
    const auto again = replay("-", folder.read("log"));
    CHECK(again.code == 0);
    CHECK(again.out.find("1 admitted: 1 accepted, 0 rejected") != std::string::npos);
    CHECK(again.out.find(" decisions, all the same\n") != std::string::npos);
}

TEST_CASE("a decision log on a full disk ends with 3, and the results are kept") {
    const temporary_folder folder;
    const throttled_server server(small_window, quick);
    const auto got = run(batch_of_sixty(server.base_url(), folder, {"--decision-log", "/dev/full"}));
    CHECK(got.code == 3);
    CHECK(got.err.find("60 answered, 0 failed") != std::string::npos);
    CHECK(
        got.err.ends_with("stagger: /dev/full: No space left on device: the decision log is cut off, the "
                          "results are not\n"));
    CHECK(lines_in(folder.read("out")) == 60);
}

TEST_CASE("a decision log has a file of its own that can be written") {
    const temporary_folder folder;
    const std::string nowhere = "http://127.0.0.1:1/v1";
    const auto none = folder.path("none/log");
    const auto unwritable = run(batch_of_sixty(nowhere, folder, {"--decision-log", none}));
    CHECK(unwritable.code == 3);
    CHECK(unwritable.err == "stagger: " + none + ": No such file or directory\n");
    for (const auto* taken : {"prompts", "out"}) {
        const auto path = folder.path(taken);
        const auto got = run(batch_of_sixty(nowhere, folder, {"--decision-log", path}));
        CHECK(got.code == 2);
        CHECK(got.err == "stagger: --decision-log: cannot go into " + path +
                             ", which is read or written for something else\n");
    }
    CHECK(lines_in(folder.read("prompts")) == 60);
}

TEST_CASE("replay refuses what is no decision log, or a damaged one") {
    const temporary_folder folder;
    const auto refused = [](const std::string& path) {
        const auto got = replay(path);
        CHECK(got.code == 3);
        CHECK(got.out.empty());
        CHECK(lines_in(got.err) == 1);
        return got.err;
    };
    CHECK(refused(folder.path("none")).find("none: No such file or directory") != std::string::npos);
    CHECK(refused(folder.path("")).find(": Is a directory") != std::string::npos);
    CHECK(refused(folder.write("empty", "")).find("empty: must begin with a header line") !=
          std::string::npos);
    CHECK(refused(folder.write("prompts", "{\"prompt\":\"x\"}\n")).find("prompts:1: format: must be") !=
          std::string::npos);
    CHECK(run({STAGGER_COMMAND, {"replay"}}).code == 2);
    child_setup closed{STAGGER_COMMAND, {"replay", "-"}};
    CHECK(run(closed).err == "stagger: standard input: must begin with a header line, is empty\n");
}
