#include <doctest/doctest.h>

#include <boost/system/errc.hpp>
#include <chrono>
#include <string>

#include "base/utf8.hpp"
#include "batch/batch_line.hpp"
#include "json/json_text.hpp"

using namespace stagger::wire;
using namespace std::chrono_literals;
using stagger::completion;
using stagger::errc;
using stagger::error_code;

namespace {

completion answered() {
    completion result;
    result.text = "because";
    result.raw = R"({"choices":[{"text":"because"}]})";
    result.info.http_status = 200;
    result.info.request_id = "req-1";
    result.info.attempts = 3;
    result.info.rejections = 2;
    result.info.queued = 1250ms;
    result.info.served = 2s;
    return result;
}

}  // namespace

TEST_CASE("a result line is an OpenAI Batch result with our history") {
    const auto line = format_result_line("a-1", error_code(), answered());
    CHECK(line == R"({"id":"batch_req_e61a64190463c246","custom_id":"a-1","response":{"status_code":200,)"
                  R"("request_id":"req-1","body":{"choices":[{"text":"because"}]}},"error":null,)"
                  R"("stagger":{"attempts":3,"rejections":2,"waiting_s":1.250000,"service_s":2.000000}})");
    const auto read = parse_result_line(line);
    REQUIRE(read);
    CHECK(read->custom_id == "a-1");
    CHECK(read->succeeded);
    CHECK(line == format_result_line("a-1", error_code(), answered()));
    CHECK(line.substr(0, 34) != format_result_line("a-2", error_code(), answered()).substr(0, 34));
}

TEST_CASE("the result of an answer that says nothing says so") {
    auto result = answered();
    result.empty = true;
    const auto line = format_result_line("a-1", error_code(), result);
    CHECK(line.find(R"("service_s":2.000000,"empty":true})") != std::string::npos);
    CHECK(parse_result_line(line)->succeeded);
    CHECK(format_result_line("a-1", errc::prompt_failed, result).find("empty") == std::string::npos);
}

TEST_CASE("a failed prompt lists its attempts that met accidents") {
    completion result;
    result.info.message = "gone";
    result.info.tries = {{0s, errc::server_error, 500, "no \"Unicode\""},
                         {1500ms, errc::connection_lost, 0, "gone"}};
    const auto line = format_result_line("x", errc::prompt_failed, result);
    CHECK(line.find(R"("error":{"code":"prompt_failed","message":"gone"})") != std::string::npos);
    CHECK(line.find(R"("tries":[{"sent_after_s":0.000000,"code":"server_error","status_code":500,)"
                    R"("message":"no \"Unicode\""},{"sent_after_s":1.500000,"code":"connection_lost",)"
                    R"("message":"gone"}])") != std::string::npos);
    CHECK(parse_result_line(line));
}

TEST_CASE("a failed prompt has a response, if one came, and an error") {
    auto result = answered();
    result.info.http_status = 400;
    result.info.message = "bad prompt";
    result.raw = R"({"error":{"message":"bad prompt"}})";
    auto line = format_result_line("x", errc::bad_request, result);
    CHECK(line.find(R"("response":{"status_code":400,"request_id":"req-1","body":{"error":)") !=
          std::string::npos);
    CHECK(line.find(R"("error":{"code":"bad_request","message":"bad prompt"})") != std::string::npos);
    CHECK(parse_result_line(line).value().succeeded == false);

    line = format_result_line("x", errc::connect_failed, completion());
    CHECK(
        line.find(R"("response":null,"error":{"code":"connect_failed","message":"no address of the host)") !=
        std::string::npos);
    CHECK(parse_result_line(line).value().succeeded == false);
    line = format_result_line(
        "x", boost::system::errc::make_error_code(boost::system::errc::permission_denied), {});
    CHECK(line.find(R"("code":"generic:13")") != std::string::npos);

    // A 200 that could not be understood is not answered.
    result.info.http_status = 200;
    CHECK_FALSE(parse_result_line(format_result_line("x", errc::malformed_answer, result)).value().succeeded);
}

TEST_CASE("the body goes in as JSON on one line, or as a string") {
    const auto body_of = [](std::string raw) {
        auto result = answered();
        result.raw = std::move(raw);
        const auto line = format_result_line("x", errc::malformed_answer, result);
        CHECK_FALSE(json_problem(line, max_json_depth + 2));
        CHECK(line.find('\n') == std::string::npos);
        CHECK_FALSE(invalid_utf8_at(line));
        CHECK(parse_result_line(line).value().custom_id == "x");
        const auto from = line.find("\"body\":") + 7;
        return line.substr(from, line.find("},\"error\"", from) - from);
    };
    CHECK(body_of("\n{\r\n  \"a\" : 1.0,\n\t\"b\":\"\\n\"\n}\n") == "{    \"a\" : 1.0, \t\"b\":\"\\n\" }");
    CHECK(body_of("<html>\n</html>") == R"("<html>\n</html>")");
    CHECK(body_of("") == R"("")");
    CHECK(body_of("{\"a\":") == R"("{\"a\":")");
    CHECK(body_of("\xFF") == "\"\xEF\xBF\xBD\"");
    const std::string deepest = std::string(max_json_depth, '[') + std::string(max_json_depth, ']');
    CHECK(body_of(deepest) == deepest);
    CHECK(body_of('[' + deepest + ']').starts_with("\"["));

    auto result = answered();
    result.raw = "\n{\r\n\"a\":\"\\n\"\n}\n";
    CHECK(format_result_line("x", error_code(), result).find("\"body\":{  \"a\":\"\\n\" }}") !=
          std::string::npos);
}

TEST_CASE("a prompt that could not be read") {
    const auto line = format_input_error_line("line-9", "prompt: is \"missing\"");
    CHECK(line.find(R"("custom_id":"line-9","response":null,"error":{"code":"invalid_request",)"
                    R"("message":"prompt: is \"missing\""},"stagger":{"attempts":0,)") != std::string::npos);
    const auto read = parse_result_line(line);
    REQUIRE(read);
    CHECK(read->custom_id == "line-9");
    CHECK_FALSE(read->succeeded);
}

TEST_CASE("any id comes back") {
    for (const std::string id :
         {"", "a b", "quote\"back\\slash", "new\nline", "Za\xC5\xBC\xC3\xB3\xC5\x82\xC4\x87", "\x01"}) {
        CHECK(parse_result_line(format_result_line(id, error_code(), answered())).value().custom_id == id);
    }
}

TEST_CASE("a result line tells what it answers, where that is known") {
    const result_origin origin{17, 0x0123456789abcdef, 0xfedcba9876543210};
    const auto line = format_result_line("a-1", error_code(), answered(), origin);
    CHECK(line.ends_with(R"("service_s":2.000000,"line":17,"line_hash":"0123456789abcdef",)"
                         R"("parameters_hash":"fedcba9876543210"}})"));
    const auto read = parse_result_line(line);
    REQUIRE(read);
    REQUIRE(read->origin);
    CHECK(read->origin->line == 17);
    CHECK(read->origin->line_hash == origin.line_hash);
    CHECK(read->origin->parameters == origin.parameters);
    CHECK_FALSE(parse_result_line(format_result_line("a-1", error_code(), answered()))->origin);
    for (const auto* damaged : {R"("line":0)", R"("line":1.5)", R"("line":"17")", R"("line":-1)"}) {
        auto other = line;
        other.replace(other.find(R"("line":17)"), 9, damaged);
        CHECK_MESSAGE(!parse_result_line(other).value().origin, damaged);
    }
    auto short_hash = line;
    short_hash.replace(short_hash.find("0123456789abcdef"), 16, "0123456789abcde");
    CHECK_FALSE(parse_result_line(short_hash).value().origin);
}

TEST_CASE("what is not a whole result line is none") {
    const auto line = format_result_line("a-1", error_code(), answered());
    for (std::size_t length = 0; length < line.size(); ++length) {
        CHECK_MESSAGE(!parse_result_line(line.substr(0, length)), length);
    }
    CHECK_FALSE(parse_result_line(line + line));
    for (const auto* wrong : {"", "{}", "[]", "null", R"({"custom_id":"a"})",
                              R"({"custom_id":7,"response":null})", R"({"response":null,"error":null})"}) {
        CHECK_MESSAGE(!parse_result_line(wrong), wrong);
    }
}

TEST_CASE("results of other tools are understood") {
    CHECK(parse_result_line(
              R"({"id":"b","custom_id":"c","response":{"status_code":200,"body":{}},"error":null})")
              .value()
              .succeeded);
    CHECK(
        parse_result_line(R"({"custom_id":"c","response":{"status_code":201,"body":{}}})").value().succeeded);
    for (const auto* failed : {R"({"custom_id":"c","response":{"status_code":429},"error":null})",
                               R"({"custom_id":"c","response":null,"error":null})",
                               R"({"custom_id":"c","response":{"status_code":"200"},"error":null})",
                               R"({"custom_id":"c","response":{"status_code":200},"error":{"code":"x"}})",
                               R"({"custom_id":"c","response":{"body":{}},"error":null})"}) {
        CHECK_MESSAGE(!parse_result_line(failed).value().succeeded, failed);
    }
}
