#include <doctest/doctest.h>

#include <type_traits>
#include <utility>

#include "stagger/completion.hpp"

using stagger::completion_request;

namespace {

completion_request full() {
    completion_request request("Why?");
    request.system("Be brief.").max_new_tokens(7).temperature(0.5).model("m").set("top_p", "0.9");
    return request.request_id("id-1").expected_tokens(12);
}

void check_full(const completion_request& request) {
    CHECK(request.prompt() == "Why?");
    CHECK(request.system() == "Be brief.");
    CHECK(request.max_new_tokens() == 7u);
    CHECK(request.temperature() == 0.5);
    CHECK(request.model() == "m");
    REQUIRE(request.members().size() == 1);
    CHECK(request.members().front() == std::pair<std::string, std::string>("top_p", "0.9"));
    CHECK(request.request_id() == "id-1");
    CHECK(request.expected_tokens() == 12);
    CHECK(request.body().empty());
}

}  // namespace

TEST_CASE("what was not set is absent") {
    const completion_request request("Why?");
    CHECK(request.prompt() == "Why?");
    CHECK(!request.system());
    CHECK(!request.max_new_tokens());
    CHECK(!request.temperature());
    CHECK(request.model().empty());
    CHECK(request.members().empty());
    CHECK(request.request_id().empty());
    CHECK(request.expected_tokens() == 0);
    CHECK(request.body().empty());
}

TEST_CASE("a copy has everything, and changing one leaves the other") {
    const completion_request original = full();
    completion_request copy = original;
    check_full(copy);
    copy.system("Be long.").model("other").set("seed", "1").request_id("id-2").temperature(1);
    check_full(original);
    CHECK(copy.system() == "Be long.");
    CHECK(copy.members().size() == 2);
}

TEST_CASE("assignment takes over what the other has and lacks") {
    completion_request assigned = full();
    const completion_request plain("What?");
    assigned = plain;
    CHECK(assigned.prompt() == "What?");
    CHECK(!assigned.system());
    CHECK(assigned.model().empty());
    CHECK(assigned.members().empty());
    assigned = full();
    check_full(assigned);
    const completion_request& itself = assigned;
    assigned = itself;
    check_full(assigned);
}

TEST_CASE("moving takes everything and does not throw") {
    static_assert(std::is_nothrow_move_constructible_v<completion_request>);
    static_assert(std::is_nothrow_move_assignable_v<completion_request>);
    completion_request from = full();
    completion_request to = std::move(from);
    check_full(to);
    // Moved from, it can be used anew.
    from = completion_request("What?");
    from.model("n");
    CHECK(from.model() == "n");
    check_full(to);
}

TEST_CASE("a whole body is copied with its request") {
    completion_request original = completion_request::from_body(R"({"a":1})");
    const completion_request copy = original;
    original = completion_request("Why?");
    CHECK(copy.body() == R"({"a":1})");
    CHECK(copy.prompt().empty());
    CHECK(original.body().empty());
}

// It is not sent: encoding has nothing to look at for it.
TEST_CASE("a label is copied, and is nothing to encode") {
    completion_request labelled("Why?");
    labelled.label("row 1");
    CHECK_FALSE(labelled.has_more());
    const completion_request copy = labelled;
    CHECK(copy.label() == "row 1");
    CHECK_FALSE(copy.has_more());
    labelled.model("m");
    CHECK(labelled.has_more());
    CHECK(labelled.label() == "row 1");
}

// A coroutine that awaits an answer holds several of them as long as it waits.
TEST_CASE("a request is small") {
    CHECK(sizeof(completion_request) <= 72);
}
