#include <doctest/doctest.h>

#include "dialect/dialect.hpp"
#include "dialect/own_header.hpp"

using namespace stagger;
using namespace stagger::wire;

namespace {

std::string problem_of(const completion_request& request) {
    const encoding_context context;
    error_code error;
    std::string problem;
    encode(request, context, error, problem);
    return problem;
}

}  // namespace

TEST_CASE("a header that could forge others, or that is the transport's, is refused") {
    CHECK(broken_header("traceparent", "00-1-2-01").empty());
    CHECK(broken_header("two words", "x") == "header: the name must be a token, is \"two words\"");
    CHECK(broken_header("", "x") == "header: the name must be a token, is \"\"");
    CHECK(broken_header("a", "x\r\nb: y") ==
          "header: the value of \"a\" must not contain control characters");
    CHECK(broken_header("Content-LENGTH", "3") == "header: \"Content-LENGTH\" is set by the transport");
    CHECK(broken_header("Authorization", "Bearer x").empty());
}

TEST_CASE("a single request cannot say who asks") {
    CHECK(broken_request_header("traceparent", "00-1-2-01").empty());
    CHECK(broken_request_header("Idempotency-Key", "7").empty());
    CHECK(broken_request_header("Host", "x") == "header: \"Host\" is set by the transport");
    CHECK(broken_request_header("AUTHORIZATION", "Bearer x") ==
          "header: \"AUTHORIZATION\" is the client's, which is one account");
}

TEST_CASE("headers and the deadline of a request are checked when it begins") {
    completion_request request("why?");
    CHECK(problem_of(request.header("traceparent", "00-1-2-01").tag("any \n text")).empty());
    CHECK(problem_of(completion_request("why?").deadline(std::chrono::seconds(-1))) ==
          "deadline: must be >= 0, is -1.000000 s");
    CHECK(problem_of(completion_request("why?").header("x", "\n")) ==
          "header: the value of \"x\" must not contain control characters");
    CHECK(problem_of(completion_request::post("x", "{}").header("cookie", "a=b")) ==
          "header: \"cookie\" is the client's, which is one account");
}
