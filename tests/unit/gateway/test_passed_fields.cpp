#include <doctest/doctest.h>

#include "gateway/passed_fields.hpp"

using namespace stagger;
using namespace stagger::gateway;

namespace {

const std::vector<wire::field> of_client = {{"Host", "localhost:8484"},
                                            {"Authorization", "Bearer theirs"},
                                            {"OpenAI-Organization", "org"},
                                            {"anthropic-version", "2023-06-01"},
                                            {"Connection", "keep-alive, X-Private"},
                                            {"X-Private", "1"},
                                            {"Cookie", "a=b"},
                                            {"Accept-Encoding", "gzip"},
                                            {"Content-Length", "5"},
                                            {"Content-Type", "application/json"},
                                            {"Expect", "100-continue"},
                                            {"x-stagger-priority", "batch"},
                                            {"traceparent", "00-1"}};

}  // namespace

TEST_CASE("without a key of its own the client's goes through, and nothing of its connection") {
    CHECK(upstream_lines(of_client, {}, api_shape::openai) ==
          "Authorization: Bearer theirs\r\nOpenAI-Organization: org\r\nanthropic-version: 2023-06-01\r\n"
          "Content-Type: application/json\r\ntraceparent: 00-1\r\nAccept-Encoding: identity\r\n");
}

TEST_CASE("a key of its own takes the place of the client's, where the API looks for it") {
    const upstream_identity who{"ours", {{"Traceparent", "fixed"}}};
    CHECK(upstream_lines(of_client, who, api_shape::openai) ==
          "anthropic-version: 2023-06-01\r\nContent-Type: application/json\r\nAccept-Encoding: identity\r\n"
          "Authorization: Bearer ours\r\nTraceparent: fixed\r\n");
    const std::string anthropic = upstream_lines(of_client, who, api_shape::anthropic);
    CHECK(anthropic.find("x-api-key: ours\r\n") != anthropic.npos);
    CHECK(anthropic.find("Authorization") == anthropic.npos);
}

TEST_CASE("an answer's fields pass, but for its connection, cookies, and limits that are not the client's") {
    const std::vector<wire::field> said = {{"Date", "today"},          {"Transfer-Encoding", "chunked"},
                                           {"Set-Cookie", "a=b"},      {"x-request-id", "r"},
                                           {"x-ratelimit-limit", "1"}, {"retry-after", "2"}};
    bool dated = false;
    CHECK(client_lines(said, false, dated) ==
          "Date: today\r\nx-request-id: r\r\nx-ratelimit-limit: 1\r\nretry-after: 2\r\n");
    CHECK(dated);
    CHECK(client_lines(said, true, dated) == "Date: today\r\nx-request-id: r\r\nretry-after: 2\r\n");
    CHECK(client_lines({}, true, dated).empty());
    CHECK_FALSE(dated);
}

TEST_CASE("a client's key that is for the gateway goes no further, also where there is none to send") {
    upstream_identity nobody;
    nobody.client_keys = true;
    CHECK(nobody.replaces_account());
    const auto lines =
        upstream_lines({{"Authorization", "Bearer theirs"}, {"x-api-key", "theirs"}, {"X-Mine", "1"}}, nobody,
                       api_shape::openai);
    CHECK(lines.find("theirs") == std::string::npos);
    CHECK(lines.find("Authorization") == std::string::npos);
    CHECK(lines.find("X-Mine: 1") != std::string::npos);
}
