#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <vector>

#include "stagger/decision_log.hpp"
#include "support/completing.hpp"
#include "support/scripted_peer.hpp"

namespace asio = boost::asio;
using namespace stagger;
using namespace stagger::test;

namespace {

/// What the coordinator was told of answers, and what it reserved for them.
struct told_usage final : decision_recorder {
    void started(const coordinator_options&, std::uint64_t) override {}
    void record(const decision_record& made) noexcept override {
        if (const auto* sent = std::get_if<decisions::admitted>(&made.what)) {
            reserved.push_back(sent->reserved_tokens.value_or(0));
        }
        if (const auto* ended = std::get_if<decisions::accepted>(&made.what)) used.push_back(ended->used);
    }

    std::vector<double> reserved;
    std::vector<token_usage> used;
};

}  // namespace

TEST_CASE("the coordinator is told what an answer used, and reserves by it") {
    asio::io_context context;
    scripted_peer peer(context, {{{chat_answer("blue")}, {chat_answer("blue")}}});
    const auto told = std::make_shared<told_usage>();
    client llm(context.get_executor(), options_for(peer.base_url()), coordinator_options().recorder(told));
    const outcome first = complete(context, llm, completion_request("Why is the sky blue?"));
    REQUIRE_FALSE(first.error);
    REQUIRE_FALSE(complete(context, llm, completion_request("Why is the sky blue?")).error);
    REQUIRE(told->used.size() == 2);
    CHECK(told->used[0] == first.result.usage);
    CHECK(told->used[0].completion_tokens.has_value());
    REQUIRE(told->reserved.size() == 2);
    CHECK(told->reserved[0] == 5 + 256);
    CHECK(told->reserved[1] < told->reserved[0]);
}

TEST_CASE("a stream tells at its end what it used") {
    asio::io_context context;
    scripted_peer peer(context, {{{event_stream(chat_documents({"be", "cause"}))}}});
    const auto told = std::make_shared<told_usage>();
    client llm(context.get_executor(), options_for(peer.base_url()), coordinator_options().recorder(told));
    std::optional<completion_stream> opened;
    llm.async_stream(completion_request("why?"), [&](error_code error, completion_stream stream) {
        REQUIRE_FALSE(error);
        opened.emplace(std::move(stream));
    });
    while (!opened && context.run_one() != 0) continue;
    CHECK(told->used.empty());
    for (bool more = true; more;) {
        bool came = false;
        opened->async_next([&](error_code, std::optional<completion_delta> delta) {
            came = true;
            more = delta.has_value();
        });
        context.restart();
        while (!came && context.run_one() != 0) continue;
    }
    REQUIRE(told->used.size() == 1);
    CHECK(told->used[0] == token_usage{3, 2});
}
