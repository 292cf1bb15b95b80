// What stagger export is made of, by itself.

#include <doctest/doctest.h>

#include "cli/exit_code.hpp"
#include "export/answer_of_result.hpp"
#include "export/export_columns.hpp"
#include "export/input_values.hpp"
#include "export/row_writer.hpp"
#include "rows/table_cutter.hpp"

using app::export_form;
using app::export_value;
using texts = std::vector<std::string>;

namespace {

std::string result(const std::string& body, const std::string& error = "null", int status = 200) {
    return R"({"id":"batch_req_1","custom_id":"a","response":{"status_code":)" + std::to_string(status) +
           R"(,"request_id":"r","body":)" + body + R"(},"error":)" + error + "}";
}

}  // namespace

TEST_CASE("a result of each dialect is shown with its text, its finish reason and its tokens") {
    const auto chat = app::read_shown_result(result(
        R"({"choices":[{"message":{"content":"hi"},"finish_reason":"length"}],"usage":{"prompt_tokens":3,"completion_tokens":4,"cost":0.25}})"));
    REQUIRE(chat);
    CHECK(chat->answered);
    CHECK(chat->answer == "hi");
    CHECK(chat->finish_reason == "length");
    CHECK(chat->prompt_tokens == 3u);
    CHECK(chat->completion_tokens == 4u);
    CHECK(chat->cost == "0.25");
    CHECK(chat->error.empty());
    CHECK(app::read_shown_result(result(R"({"choices":[{"text":"hi","finish_reason":"stop"}]})"))->answer ==
          "hi");
    CHECK(app::read_shown_result(result(R"({"request_id":"x","output":{"text":"hi"}})"))->answer == "hi");
}

TEST_CASE("a result that failed is shown with what it failed for") {
    auto failed = app::read_shown_result(result("{}", R"({"code":"forbidden","message":"No."})", 403));
    REQUIRE(failed);
    CHECK_FALSE(failed->answered);
    CHECK(failed->error == "forbidden: No.");
    failed = app::read_shown_result(result(R"({"error":{"message":"No."}})", "null", 400));
    CHECK(failed->error == "status 400");
    CHECK_FALSE(app::read_shown_result("{\"a\":1}"));
}

TEST_CASE("the answers of every dialect are shown") {
    const auto answer_of = [](const std::string& body) {
        return app::read_shown_result(result(body))->answer;
    };
    CHECK(
        answer_of(R"({"type":"message","content":[{"type":"text","text":"hi"}],"stop_reason":"end_turn"})") ==
        "hi");
    CHECK(answer_of(R"({"candidates":[{"content":{"parts":[{"text":"hi"}]},"finishReason":"STOP"}]})") ==
          "hi");
    CHECK(answer_of(R"({"object":"response","status":"completed","output":[{"type":"message","content":)"
                    R"([{"type":"output_text","text":"hi"}]}]})") == "hi");
}

TEST_CASE("what a row costs by a list of prices") {
    const app::price_list prices(
        R"({"m":{"input_cost_per_token":1,"output_cost_per_token":10,"cache_read_input_token_cost":0.5}})",
        "p");
    const std::string body =
        R"({"model":"m","choices":[{"message":{"content":"hi"},"finish_reason":"stop"}],)"
        R"("usage":{"prompt_tokens":4,"completion_tokens":2,)"
        R"("prompt_tokens_details":{"cached_tokens":2}}})";
    auto shown = *app::read_shown_result(result(body));
    CHECK(shown.model == "m");
    CHECK(app::cost_by_list(shown, prices) == 23);
    CHECK_FALSE(app::cost_by_list(shown, app::price_list()));
    shown.model = "other";
    CHECK_FALSE(app::cost_by_list(shown, prices));
}

TEST_CASE("members of an answer that is a JSON object, in a fence or not") {
    const auto names = [](const std::string& answer) {
        texts all;
        for (const auto& each : app::members_of_answer(answer))
            all.push_back(each.first + "=" + each.second.text);
        return all;
    };
    CHECK(names(R"({"label":"spam","score":0.5})") == texts{"label=\"spam\"", "score=0.5"});
    CHECK(names("```json\n{\"label\": 1}\n```\n") == texts{"label=1"});
    CHECK(names("[1]").empty());
    CHECK(names("{broken").empty());
    CHECK(names("``````").empty());
}

TEST_CASE("columns of ours step aside for those of the input, and answers' for both") {
    const auto columns = app::make_export_columns({"id", "stagger_id", "answer"}, {"label", "error"});
    CHECK(columns.all() == texts{"id", "stagger_id", "answer", "stagger_stagger_id", "status",
                                 "stagger_answer", "finish_reason", "prompt_tokens", "completion_tokens",
                                 "cost", "error", "label", "answer_error"});
}

TEST_CASE("names are listed once, in the order in which they came, and not without bound") {
    app::name_list list;
    for (const auto* name : {"b", "a", "b", "c"}) list.add(name);
    CHECK(list.names() == texts{"b", "a", "c"});
    for (std::size_t number = 3; number < app::name_list::most; ++number) list.add(std::to_string(number));
    CHECK_THROWS_AS(list.add("one more"), app::failure);
    CHECK_NOTHROW(list.add("a"));
}

TEST_CASE("cells are written so that they are read as they were") {
    const texts cells{"plain", "a,b", "say \"hi\"", "two\r\nlines", " spaced ", "", "\t"};
    for (const char separator : {',', '\t'}) {
        std::string text = "1";
        for (std::size_t more = 2; more <= cells.size(); ++more) text += separator + std::to_string(more);
        text += "\n";
        for (std::size_t index = 0; index < cells.size(); ++index) {
            if (index > 0) text += separator;
            app::append_cell(text, cells[index], separator);
        }
        app::table_cutter table(separator);
        const auto room = table.prepare();
        std::copy(text.begin(), text.end(), room.begin());
        table.commit(text.size());
        table.finish();
        const auto row = table.next();
        REQUIRE(row);
        REQUIRE(row->cells);
        CHECK(*row->cells == cells);
    }
}

TEST_CASE("a row in each form") {
    const texts columns{"q", "n", "answer", "error"};
    const std::vector<std::optional<export_value>> values{export_value{"a,\"b\"", false},
                                                          export_value{"[1,\n2]", true},
                                                          export_value{"one\ntwo", false}, std::nullopt};
    CHECK(app::heading(export_form::csv, columns) == "q,n,answer,error\n");
    CHECK(app::heading(export_form::jsonl, columns).empty());
    CHECK(app::row_text(export_form::csv, columns, values, 2) ==
          "\"a,\"\"b\"\"\",\"[1,\n2]\",\"one\ntwo\",\n");
    CHECK(app::row_text(export_form::jsonl, columns, values, 2) ==
          "{\"q\":\"a,\\\"b\\\"\",\"n\":[1, 2],\"answer\":\"one\\ntwo\"}\n");
    CHECK(app::row_text(export_form::text, columns, values, 2) == "one two\n");
    CHECK(app::row_text(export_form::text, columns, values, 3) == "\n");
}

TEST_CASE("names of a table that come twice are told apart") {
    CHECK(app::distinct_names({"a", "b", "a", "a.2", "a"}) == texts{"a", "b", "a.2", "a.2.2", "a.3"});
}
