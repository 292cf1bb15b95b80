// What looks at answers and copies them, by itself.

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <stdexcept>

#include "answers/answer_store.hpp"
#include "answers/checked_answers.hpp"
#include "answers/copied_answers.hpp"
#include "answers/expected_answer.hpp"
#include "answers/schema_in_request.hpp"
#include "batch/batch_error.hpp"
#include "cli/exit_code.hpp"
#include "support/temporary_folder.hpp"

using app::answer_store;
using app::expected_answer;
using stagger::completion;
using stagger::completion_request;
using stagger::errc;
using stagger::error_code;

namespace {

std::string chat_body(const std::string& content, const std::string& finish = "stop") {
    return R"({"choices":[{"message":{"content":")" + content + R"("},"finish_reason":")" + finish +
           R"("}],"usage":{"prompt_tokens":3,"completion_tokens":4}})";
}

completion answer_of(const std::string& raw) {
    stagger::wire::response received;
    received.status = 200;
    received.body = raw;
    auto answer = stagger::wire::decode(std::move(received), stagger::dialect::openai_chat, 0).answer;
    answer.info.attempts = 1;
    return answer;
}

struct ending {
    error_code error;
    completion answer;
};

/// A transport that keeps what it is sent until a test answers it.
struct held_transport {
    struct sent {
        completion_request request;
        stagger::batch::transport::handler done;
    };
    boost::asio::io_context context;
    std::vector<sent> all;

    stagger::batch::transport transport() {
        stagger::batch::transport made;
        made.executor = context.get_executor();
        made.send = [this](completion_request request, stagger::batch::transport::handler done) {
            all.push_back({std::move(request), std::move(done)});
        };
        return made;
    }
    void answer(std::size_t index, error_code error, completion answer = {}) {
        auto done = std::move(all[index].done);
        std::move(done)(error, std::move(answer));
        run();
    }
    void run() {
        context.restart();
        context.run();
    }
};

void send(const stagger::batch::transport& through, const std::string& prompt, std::vector<ending>& ended) {
    through.send(completion_request(prompt), [&ended](error_code error, completion answer) {
        ended.push_back({error, std::move(answer)});
    });
}

stagger::wire::encoding_context encoding() {
    stagger::wire::encoding_context made;
    made.model = "m";
    return made;
}

}  // namespace

TEST_CASE("a store finds what was put, from earlier runs too, and tells its own") {
    const temporary_folder folder;
    const auto path = folder.path("cache");
    {
        answer_store store(path);
        CHECK_FALSE(store.find("k"));
        store.put("k", "body\0with zero", 7);
        store.put("k", "another", 8);
        const auto found = store.find("k");
        REQUIRE(found);
        CHECK(found->body == std::string("body\0with zero"));
        CHECK(found->tokens == 7);
        CHECK(found->of_this_run);
    }
    answer_store first(path);
    answer_store second(path);
    REQUIRE(first.find("k"));
    CHECK_FALSE(first.find("k")->of_this_run);
    for (int number = 0; number < 100; ++number) {
        first.put("a" + std::to_string(number), "x", 1);
        second.put("b" + std::to_string(number), "y", 1);
    }
    CHECK(second.find("a99"));
    CHECK(first.find("b99"));
    CHECK(first.problem().empty());
    CHECK((std::filesystem::status(path).permissions() & std::filesystem::perms::group_read) ==
          std::filesystem::perms::none);
}

TEST_CASE("a store of one run alone, and what is no store") {
    answer_store alone("");
    alone.put("k", "body", 1);
    CHECK(alone.find("k"));
    CHECK_FALSE(answer_store("").find("k"));
    const temporary_folder folder;
    const auto text = folder.write("text", std::string(5000, 'x'));
    CHECK_THROWS_AS(answer_store{text}, app::failure);
    CHECK_THROWS_AS(answer_store{folder.path("none/cache")}, app::failure);
    CHECK(folder.read("text") == std::string(5000, 'x'));
}

TEST_CASE("processes that open one new cache at the same moment all get it") {
    for (int again = 0; again < 20; ++again) {
        const temporary_folder folder;
        const auto path = folder.path("cache");
        constexpr int openers = 6;
        for (int i = 0; i < openers; ++i) {
            if (::fork() != 0) continue;
            try {
                const answer_store store(path);
                ::_exit(0);
            } catch (const app::failure&) {
                ::_exit(1);
            }
        }
        for (int i = 0; i < openers; ++i) {
            int status = -1;
            REQUIRE(::wait(&status) > 0);
            CHECK(status == 0);
        }
    }
}

TEST_CASE("a cache of a later version is refused, and left as it is") {
    const temporary_folder folder;
    const auto path = folder.path("cache");
    { const answer_store made(path); }
    constexpr std::streamoff last_byte_of_version = 63;  // SQLite's file format has it there, big end first
    {
        std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(last_byte_of_version);
        file.put(2);
    }
    const auto before = folder.read("cache");
    CHECK_THROWS_WITH_AS(answer_store{path}, doctest::Contains("later version"), app::failure);
    CHECK(folder.read("cache") == before);
}

TEST_CASE("requests are told apart by all that is sent") {
    const stagger::wire::encoded_request one{"/a", {}, "body", 0};
    const stagger::wire::encoded_request moved{"/ab", {}, "ody", 0};
    CHECK(app::request_key("e", one) == app::request_key("e", one));
    CHECK(app::request_key("e", one) != app::request_key("f", one));
    CHECK(app::request_key("e", one) != app::request_key("e", moved));
    CHECK(app::request_key("e", one).size() == 32);
}

TEST_CASE("what is the same is sent once, and the others get copies without attempts and tokens") {
    held_transport held;
    const auto copies = std::make_shared<app::copied_answers>(
        held.transport(), std::make_unique<answer_store>(""), "e", encoding());
    const auto through = copies->transport();
    std::vector<ending> ended;
    for (const auto* prompt : {"one", "two", "one", "one"}) send(through, prompt, ended);
    REQUIRE(held.all.size() == 2);
    held.answer(0, {}, answer_of(chat_body("1")));
    REQUIRE(ended.size() == 3);
    for (const auto& each : ended) {
        CHECK_FALSE(each.error);
        CHECK(each.answer.text == "1");
    }
    CHECK(ended[0].answer.info.attempts == 1);
    CHECK(ended[0].answer.usage.prompt_tokens == 3u);
    CHECK(ended[2].answer.info.attempts == 0);
    CHECK_FALSE(ended[2].answer.usage.prompt_tokens);
    CHECK(copies->counts().duplicates == 2);
    CHECK(copies->counts().tokens == 14);
    // Later, when the first one is long done.
    send(through, "one", ended);
    CHECK(ended.size() == 3);  // never inline
    held.run();
    CHECK(ended.size() == 4);
    CHECK(held.all.size() == 2);
}

TEST_CASE("where the first fails, the next one is sent") {
    held_transport held;
    const auto copies = std::make_shared<app::copied_answers>(
        held.transport(), std::make_unique<answer_store>(""), "e", encoding());
    const auto through = copies->transport();
    std::vector<ending> ended;
    for (int times = 0; times < 3; ++times) send(through, "one", ended);
    REQUIRE(held.all.size() == 1);
    held.answer(0, errc::prompt_failed);
    REQUIRE(held.all.size() == 2);
    REQUIRE(ended.size() == 1);
    CHECK(ended[0].error == errc::prompt_failed);
    held.answer(1, {}, answer_of(chat_body("1")));
    CHECK(ended.size() == 3);
    CHECK(held.all.size() == 2);
}

TEST_CASE("one JSON value, and nothing around it, is JSON") {
    const auto json = expected_answer::json();
    for (const auto* good : {"{}", " [1] ", "\"x\"", "3"}) CHECK_FALSE(json.problem(good));
    for (const auto* wrong : {"", "hi", "{\"a\":1", "```json\n{}\n```", "{} {}"}) CHECK(json.problem(wrong));
    CHECK(json.schema_text().empty());
}

TEST_CASE("a schema admits what it says, and says what is wrong") {
    const auto schema = expected_answer::fitting(
        R"({"type":"object","required":["label"],"properties":{"label":{"enum":["spam","ham"]},"id":{"type":"string","pattern":"^a+$"}}})");
    CHECK_FALSE(schema.problem(R"({"label":"spam"})"));
    CHECK_FALSE(schema.problem(R"({"label":"ham","id":"aaa"})"));
    CHECK(schema.problem(R"({"label":"egg"})")->starts_with("it does not fit the schema: "));
    CHECK(schema.problem(R"({"id":"a"})"));
    CHECK(schema.problem(R"({"label":"ham","id":"b"})"));
    CHECK(schema.problem(R"({"label":"ham","id":")" + std::string(1'000'000, 'a') + R"("})")
              ->starts_with("it is longer than what is matched"));
    CHECK(schema.schema_text().starts_with("{\"type\""));
    CHECK(schema.note("x").find("\"required\"") != std::string::npos);
    for (const auto* wrong : {"{", "[]", R"({"type":"nonsense"})", R"({"$ref":"http://127.0.0.1/x"})"})
        CHECK_THROWS_AS(expected_answer::fitting(wrong), std::invalid_argument);
}

TEST_CASE("asking again continues a chat, and the text of a prompt") {
    const auto context = encoding();
    completion_request request("Q?");
    request.system("S").max_new_tokens(5);
    const auto again = app::asked_again(request, context, "wrong \"x\"", "Note.");
    error_code error;
    std::string problem;
    CHECK(
        stagger::wire::encode(again, context, error, problem).body ==
        R"({"model":"m","messages":[{"role":"system","content":"S"},{"role":"user","content":"Q?"},)"
        R"({"role":"assistant","content":"wrong \"x\""},{"role":"user","content":"Note."}],"max_tokens":5})");
    auto texts = context;
    texts.dialect = stagger::dialect::openai_completions;
    const auto longer = app::asked_again(completion_request("Q?"), texts, "wrong", "Note.");
    CHECK(stagger::wire::encode(longer, texts, error, problem)
              .body.find(R"("prompt":"Q?\n\nwrong\n\nNote.\n\n")") != std::string::npos);
    CHECK_FALSE(error);
    const auto body_in = [&](stagger::dialect spoken) {
        texts.dialect = spoken;
        return stagger::wire::encode(app::asked_again(completion_request("Q?"), texts, "wrong", "Note."),
                                     texts, error, problem)
            .body;
    };
    CHECK(body_in(stagger::dialect::openai_responses)
              .find(R"("input":[{"role":"user","content":"Q?"},{"role":"assistant","content":"wrong"},)"
                    R"({"role":"user","content":"Note."}])") != std::string::npos);
    const auto turns = body_in(stagger::dialect::gemini);
    CHECK_MESSAGE(turns.find(R"({"role":"model","parts":[{"text":"wrong"}]},)"
                             R"({"role":"user","parts":[{"text":"Note."}]}])") != std::string::npos,
                  turns);
    CHECK(body_in(stagger::dialect::anthropic_messages).find(R"("content":"Note."}])") != std::string::npos);
}

TEST_CASE(
    "a schema is sent in the words of each dialect that has some, unless something else is said there") {
    const auto body_in = [](stagger::dialect spoken, const completion_request& asked,
                            const char* param = "") {
        app::send_plan plan;
        plan.dialect = spoken;
        if (*param != '\0') plan.params.emplace_back(param, "{}");
        app::ask_for_schema(plan, R"({"type":"object"})");
        auto request = asked;
        app::apply_defaults(plan, request);
        auto context = encoding();
        context.dialect = spoken;
        error_code error;
        std::string problem;
        auto body = stagger::wire::encode(request, context, error, problem).body;
        CHECK_MESSAGE(!error, problem);
        return body;
    };
    using stagger::dialect;
    const completion_request plain("Q?");
    for (const auto& [spoken, member] :
         {std::pair(
              dialect::openai_chat,
              R"("response_format":{"type":"json_schema","json_schema":{"name":"answer","schema":{"type")"),
          std::pair(dialect::openai_responses,
                    R"("text":{"format":{"type":"json_schema","name":"answer","schema":{"type":"object"}}})"),
          std::pair(dialect::anthropic_messages,
                    R"("output_config":{"format":{"type":"json_schema","schema":{"type":"object"}}})"),
          std::pair(dialect::gemini, R"("responseJsonSchema":{"type":"object"})"),
          std::pair(dialect::llm_engine, R"("guided_json":{"type":"object"})")}) {
        const auto body = body_in(spoken, plain);
        CHECK_MESSAGE(body.find(member) != std::string::npos, body);
    }
    CHECK(body_in(dialect::openai_completions, plain).find("object") == std::string::npos);
    CHECK(body_in(dialect::anthropic_messages, plain, "output_config").find("object") == std::string::npos);
    CHECK(body_in(dialect::openai_chat, plain, "response_format").find("object") == std::string::npos);
    const auto whole = completion_request::from_body(R"({"messages":[{"role":"user","content":"Q?"}]})");
    CHECK(body_in(dialect::anthropic_messages, whole).find("object") == std::string::npos);
}

namespace {

struct checking {
    held_transport held;
    std::vector<ending> ended;
    stagger::batch::transport through;

    explicit checking(unsigned retries, bool fail_truncated = false, bool expects = true) {
        app::answer_rules rules;
        if (expects) rules.expected = expected_answer::json();
        rules.retries = retries;
        rules.fail_truncated = fail_truncated;
        through = std::make_shared<app::checked_answers>(held.transport(), rules, encoding())->transport();
        send(through, "Q?", ended);
    }
};

}  // namespace

TEST_CASE("an answer that is not as expected is asked again, and effort and tokens are those of all tries") {
    checking one(2);
    one.held.answer(0, {}, answer_of(chat_body("no")));
    CHECK(one.ended.empty());
    REQUIRE(one.held.all.size() == 2);
    CHECK(one.held.all[1].request.body().find("Answer again") != std::string::npos);
    one.held.answer(1, {}, answer_of(chat_body("{}")));
    REQUIRE(one.ended.size() == 1);
    const auto& end = one.ended[0];
    CHECK_FALSE(end.error);
    CHECK(end.answer.text == "{}");
    CHECK(end.answer.info.attempts == 2);
    CHECK(end.answer.usage.prompt_tokens == 6u);
    CHECK(end.answer.usage.completion_tokens == 8u);
    REQUIRE(end.answer.info.tries.size() == 1);
    CHECK(end.answer.info.tries[0].message.starts_with("it is not one JSON value"));
}

TEST_CASE("after the last try it fails, and the last answer is kept") {
    checking one(1);
    one.held.answer(0, {}, answer_of(chat_body("no")));
    one.held.answer(1, {}, answer_of(chat_body("nor this")));
    REQUIRE(one.ended.size() == 1);
    CHECK(one.ended[0].error == stagger::batch::batch_errc::answer_not_as_expected);
    CHECK(one.ended[0].answer.text == "nor this");
    CHECK(one.ended[0].answer.info.message.starts_with("it is not one JSON value"));
}

TEST_CASE("what was cut off or refused is not asked again") {
    checking cut(2);
    cut.held.answer(0, {}, answer_of(chat_body("{", "length")));
    REQUIRE(cut.ended.size() == 1);
    CHECK(cut.ended[0].answer.info.message.find("--max-tokens") != std::string::npos);
    checking refused(2);
    refused.held.answer(
        0, {},
        answer_of(R"({"choices":[{"message":{"content":null,"refusal":"No."},"finish_reason":"stop"}]})"));
    REQUIRE(refused.ended.size() == 1);
    CHECK(refused.ended[0].answer.info.message == "the model refused to answer");
}

TEST_CASE("truncated and refused answers are failures only where that is asked for") {
    for (const bool fail : {false, true}) {
        for (const auto* reason : {"length", "content_filter", "max_tokens", "SAFETY"}) {
            checking one(0, fail, false);
            one.held.answer(0, {}, answer_of(chat_body("text", reason)));
            REQUIRE(one.ended.size() == 1);
            CHECK(static_cast<bool>(one.ended[0].error) == fail);
        }
    }
    auto quoted = answer_of(chat_body(R"(\"refusal\": \"no\")"));
    CHECK_FALSE(app::note_refusal(quoted));
}

TEST_CASE("an error stays what it is, with the effort of the tries before") {
    checking one(2);
    one.held.answer(0, {}, answer_of(chat_body("no")));
    one.held.answer(1, errc::shut_down);
    REQUIRE(one.ended.size() == 1);
    CHECK(one.ended[0].error == errc::shut_down);
    CHECK(one.ended[0].answer.info.attempts == 1);
}
