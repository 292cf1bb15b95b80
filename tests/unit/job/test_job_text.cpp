#include "job/job_text.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

using namespace stagger::job;
using namespace std::chrono_literals;
using stagger::completion;
using stagger::dialect;
using stagger::errc;
using stagger::error_code;
using stagger::fleet::job_state;

namespace {

constexpr auto chat_answer =
    R"({"choices":[{"message":{"content":"Bonjour \"toi\""},"finish_reason":"stop"}],)"
    "\n"
    R"("usage":{"prompt_tokens":3,"completion_tokens":5}})";

}  // namespace

TEST_CASE("what a job is, there and back; members of a later version are passed over") {
    description what;
    what.spoken = dialect::anthropic_messages;
    what.model = "claude";
    what.recorded = 12;
    what.failed = 2;
    what.left = 88;
    auto back = parse_description(format_description(what));
    CHECK(back.spoken == dialect::anthropic_messages);
    CHECK(back.model == "claude");
    CHECK(back.state == job_state::open);
    CHECK(back.recorded == 12);
    CHECK(back.failed == 2);
    CHECK(back.left == std::uint64_t{88});
    what.state = job_state::done;
    what.left.reset();
    back = parse_description(format_description(what));
    CHECK(back.state == job_state::done);
    CHECK(!back.left);
    CHECK(parse_description(R"({"state":"open","dialect":"gemini","new":[1]})").spoken == dialect::gemini);
}

TEST_CASE("what is no description is refused; its state is that somebody feeds the job") {
    for (const char* wrong : {"", "x", "[]", "{}", R"({"dialect":"klingon"})", R"({"dialect":3})"})
        CHECK_THROWS_AS(parse_description(wrong), std::invalid_argument);
    CHECK(state_in("") == job_state::absent);
    CHECK(state_in("x") == job_state::open);
    CHECK(state_in(R"({"state":"done","dialect":"gemini"})") == job_state::done);
}

TEST_CASE("a prompt, there and back: its body is the same bytes") {
    const std::string body = "{\"messages\": [ ],\n \"x\": 1e3}";
    auto back = parse_question(format_question({"line \"1\"", "m", body}));
    CHECK(back.custom_id == "line \"1\"");
    CHECK(back.model == "m");
    CHECK(back.body == body);
    back = parse_question(format_question({"a", "", "{}"}));
    CHECK(back.model.empty());
    for (const char* wrong : {"", "{}", "[]", R"({"id":"a"})"})
        CHECK_THROWS_AS(parse_question(wrong), std::invalid_argument);
}

TEST_CASE("an answer, there and back, on one line: text, usage and history are as they were") {
    completion answer;
    answer.raw = chat_answer;
    answer.info.http_status = 200;
    answer.info.request_id = "req-1";
    answer.info.attempts = 3;
    answer.info.rejections = 1;
    answer.info.unreadable_answers = 1;
    answer.info.queued = 1500ms;
    answer.info.served = 250ms;
    answer.info.tries.push_back({100ms, errc::server_error, 500, "oh"});
    const auto text = format_answer({}, answer);
    CHECK(text.find('\n') == std::string::npos);
    error_code error = errc::cancelled;
    completion back;
    parse_answer(text, dialect::openai_chat, 0, error, back);
    CHECK(!error);
    CHECK(back.raw == chat_answer);
    CHECK(back.text == "Bonjour \"toi\"");
    CHECK(back.finish_reason == "stop");
    CHECK(back.usage.completion_tokens == std::uint64_t{5});
    CHECK(back.info.http_status == 200);
    CHECK(back.info.request_id == "req-1");
    CHECK(back.info.attempts == 3);
    CHECK(back.info.rejections == 1);
    CHECK(back.info.unreadable_answers == 1);
    CHECK(back.info.queued == 1500ms);
    CHECK(back.info.served == 250ms);
    CHECK(back.info.message.empty());
    REQUIRE(back.info.tries.size() == 1);
    CHECK(back.info.tries[0].error == errc::server_error);
    CHECK(back.info.tries[0].http_status == 500);
    CHECK(back.info.tries[0].message == "oh");
}

TEST_CASE("a failure, there and back: every error by its name") {
    for (int value = 1; value <= static_cast<int>(errc::shut_down); ++value) {
        const error_code error = static_cast<errc>(value);
        completion failed;
        failed.info.message = "why";
        failed.info.last_error = errc::rate_limited;
        failed.raw = "<html>";
        failed.info.http_status = 429;
        error_code got;
        completion back;
        parse_answer(format_answer(error, failed), dialect::openai_chat, 0, got, back);
        CHECK(got == error);
        CHECK(back.raw == "<html>");
        CHECK(back.info.message == "why");
        CHECK(back.info.last_error == errc::rate_limited);
    }
    const error_code reset(104, boost::system::system_category());
    error_code got;
    completion back;
    parse_answer(format_answer(reset, {}), dialect::openai_chat, 0, got, back);
    CHECK(got == reset);
    parse_answer(R"({"code":"of_a_later_version"})", dialect::openai_chat, 0, got, back);
    CHECK(got == errc::server_error);
    CHECK_THROWS_AS(parse_answer("x", dialect::openai_chat, 0, got, back), std::invalid_argument);
}

TEST_CASE("numbers that make no sense do no harm") {
    error_code error;
    completion back;
    parse_answer(R"({"code":"bad_request","status":-1,"attempts":1e300,"queued_s":-5,"served_s":1e30,)"
                 R"("tries":[1,{"after_s":"x"}]})",
                 dialect::openai_chat, 0, error, back);
    CHECK(error == errc::bad_request);
    CHECK(back.info.http_status == 0);
    CHECK(back.info.attempts == 0);
    CHECK(back.info.queued == 0ms);
    CHECK(back.info.served == 0ms);
    CHECK(back.info.tries.size() == 1);
}
