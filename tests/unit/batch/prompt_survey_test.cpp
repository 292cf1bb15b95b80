#include "batch/prompt_survey.hpp"

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>

#include "batch/line_hash.hpp"
#include "batch/prompt_file.hpp"
#include "batch/result_file.hpp"
#include "support/temporary_folder.hpp"

namespace batch = stagger::batch;
using stagger::wire::format_result_line;
using stagger::wire::result_origin;

namespace {

struct fixture {
    temporary_folder folder;
    boost::asio::io_context context;

    std::unique_ptr<batch::prompt_file> prompts(const std::string& text, const char* name = "p.jsonl") {
        stagger::error_code error;
        auto opened = batch::prompt_file::open(context.get_executor(), folder.write(name, text),
                                               stagger::prompt_file_format::automatic,
                                               stagger::dialect::openai_chat, error);
        REQUIRE_FALSE(error);
        return opened;
    }
    std::unique_ptr<batch::result_file> results(const std::string& text) {
        std::string problem;
        auto opened = batch::result_file::open(context.get_executor(), folder.write("out", text),
                                               batch::result_file_options(), problem);
        REQUIRE_MESSAGE(opened, problem);
        return opened;
    }
};

std::string result(std::size_t line, const std::string& said) {
    stagger::completion answer;
    answer.raw = "{}";
    answer.info.http_status = 200;
    const result_origin origin{line, batch::line_hash(said), 0};
    return format_result_line("id-" + std::to_string(line), {}, answer, origin) + "\n";
}

std::string with_id(const std::string& id) {
    return R"({"id":")" + id + R"(","prompt":"x"})" + "\n";
}

}  // namespace

TEST_CASE("a survey counts, and finds the answered line that changed") {
    fixture all;
    std::string list;
    std::string answered;
    for (std::size_t line = 1; line <= 9000; ++line) {
        list += "question " + std::to_string(line) + "\n";
        if (line % 3 == 0) answered += result(line, "question " + std::to_string(line));
    }
    const auto results = all.results(answered);

    SUBCASE("nothing changed") {
        auto same = all.prompts(list, "p");
        const auto found = batch::survey(*same, results->recorded());
        REQUIRE(found);
        CHECK(found->prompts == 9000);
        CHECK_FALSE(found->changed);
    }
    SUBCASE("what has no result may change, and more may follow") {
        auto edited = list;
        edited.replace(edited.find("question 4000\n"), 13, "Question 4000");
        auto same = all.prompts(edited + "one more\n", "p");
        CHECK_FALSE(batch::survey(*same, results->recorded())->changed);
    }
    SUBCASE("the line that changed is named") {
        auto edited = list;
        edited.replace(edited.find("question 6000\n"), 13, "Question 6000");
        auto other = all.prompts(edited, "p");
        const auto found = batch::survey(*other, results->recorded());
        REQUIRE(found->changed);
        CHECK(batch::changed_line(*other, *results, *found->changed) == 6000);
    }
    SUBCASE("a line that is gone is the first of its kind") {
        auto shorter = all.prompts(list.substr(0, list.find("question 8999\n")), "p");
        const auto found = batch::survey(*shorter, results->recorded());
        REQUIRE(found->changed);
        CHECK(batch::changed_line(*shorter, *results, *found->changed) == 9000);
    }
    SUBCASE("a line put in front moves all the others") {
        auto moved = all.prompts("new\n" + list, "p");
        const auto found = batch::survey(*moved, results->recorded());
        REQUIRE(found->changed);
        CHECK(batch::changed_line(*moved, *results, *found->changed) == 3);
    }
}

TEST_CASE("what can be read only once is not surveyed") {
    fixture all;
    stagger::error_code error;
    auto opened =
        batch::prompt_file::open(all.context.get_executor(), "/dev/null", stagger::prompt_file_format::text,
                                 stagger::dialect::openai_chat, error);
    REQUIRE(opened);
    CHECK_FALSE(batch::survey(*opened));
}

TEST_CASE("an id that stands twice is found, with both lines") {
    fixture all;
    std::string list;
    for (int number = 1; number <= 5000; ++number) list += with_id("id-" + std::to_string(number));
    auto unique = all.prompts(list);
    CHECK_FALSE(batch::find_repeated_id(*unique, 5000));

    auto twice = all.prompts(list + "\n" + with_id("id-1234"));
    const auto found = batch::find_repeated_id(*twice, 5001);
    REQUIRE(found);
    CHECK(found->custom_id == "id-1234");
    CHECK(found->first_line == 1234);
    CHECK(found->second_line == 5002);
}

TEST_CASE("an id of one's own that reads like a line's default counts as the same") {
    fixture all;
    auto clash = all.prompts(with_id("line-2") + "{\"prompt\":\"y\"}\n");
    const auto found = batch::find_repeated_id(*clash, 2);
    REQUIRE(found);
    CHECK(found->custom_id == "line-2");
}
