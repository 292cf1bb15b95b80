#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "stagger/batch.hpp"
#include "stagger/decision_log.hpp"
#include "support/completing.hpp"
#include "support/scripted_peer.hpp"

namespace asio = boost::asio;
using namespace stagger;
using namespace stagger::test;
using namespace std::chrono_literals;

namespace {

/// How long each request said that it would wait in line.
struct told_deadlines final : decision_recorder {
    void started(const coordinator_options&, std::uint64_t) override {}
    void record(const decision_record& made) noexcept override {
        const auto* joined = std::get_if<decisions::submitted>(&made.what);
        if (!joined) return;
        left.push_back(joined->deadline == never ? duration::max() : joined->deadline - made.at);
        classes.push_back(joined->in);
    }

    std::vector<duration> left;
    std::vector<priority> classes;
};

/// What an observer is told of the requests themselves.
struct told_names final : attempt_observer {
    void done(const attempt_events::done& ended) noexcept override {
        names.push_back(std::string(ended.tag) + " " + std::string(ended.model));
        usages.push_back(ended.usage);
    }

    std::vector<std::string> names;
    std::vector<token_usage> usages;
};

/// Waits in a line that nobody leaves.
struct in_line {
    in_line() {
        line.async_admit(admission(), [&](error_code, permit leave) { taken = std::move(leave); });
        context.run();
        context.restart();
        told->left.clear();
        told->classes.clear();
    }
    ~in_line() { context.stop(); }

    asio::io_context context;
    std::shared_ptr<told_deadlines> told = std::make_shared<told_deadlines>();
    gate line{context.get_executor(), coordinator_options().max_in_flight(1).recorder(told), 1};
    permit taken;
    client_options options = options_for("http://127.0.0.1:1/v1");
};

const auto ignored = [](error_code, const completion&) {};

bool is_in(duration left, duration longest) {
    return left <= longest && left > longest - 5min;
}

}  // namespace

TEST_CASE("what somebody awaits ends after ten minutes unless something else was said") {
    in_line waiting;
    client llm(waiting.context.get_executor(), waiting.options, waiting.line);
    llm.async_complete(completion_request("a"), ignored);
    llm.async_stream(completion_request("b"), [](error_code, const completion_stream&) {});
    llm.async_complete(completion_request("c").deadline(2h), ignored);
    llm.async_complete(completion_request("d").deadline(0s), ignored);
    waiting.context.poll();
    REQUIRE(waiting.told->left.size() == 4);
    CHECK(is_in(waiting.told->left[0], 10min));
    CHECK(is_in(waiting.told->left[1], 10min));
    CHECK(is_in(waiting.told->left[2], 2h));
    CHECK(waiting.told->left[3] == duration::max());
}

TEST_CASE("a client's deadline is that of its requests, also none") {
    in_line waiting;
    bool has_one = false;
    SUBCASE("one") {
        has_one = true;
    }
    SUBCASE("none") {}
    client llm(waiting.context.get_executor(), waiting.options.deadline(has_one ? 1h : 0h), waiting.line);
    llm.async_complete(completion_request("a"), ignored);
    llm.async_complete(completion_request("b").deadline(2h), ignored);
    waiting.context.poll();
    REQUIRE(waiting.told->left.size() == 2);
    CHECK((has_one ? is_in(waiting.told->left[0], 1h) : waiting.told->left[0] == duration::max()));
    CHECK(is_in(waiting.told->left[1], 2h));
}

TEST_CASE("requests stand in line in the class that they say, those of a batch in that of batches") {
    in_line waiting;
    client llm(waiting.context.get_executor(), waiting.options, waiting.line);
    llm.async_complete(completion_request("a"), ignored);
    llm.async_complete(completion_request("b").priority(priority::interactive), ignored);
    const completion_request copied = completion_request("c").priority(priority::batch);
    llm.async_complete(completion_request(copied), ignored);
    waiting.context.poll();
    std::vector<completion_request> requests;
    requests.push_back(completion_request("d"));
    requests.push_back(completion_request("e").priority(priority::normal));
    batch_results results = submit(llm, std::move(requests));
    waiting.context.poll();
    CHECK(waiting.told->classes == std::vector{priority::normal, priority::interactive, priority::batch,
                                               priority::batch, priority::normal});
}

TEST_CASE("a batch waits for as long as it takes unless something was said") {
    in_line waiting;
    client llm(waiting.context.get_executor(), waiting.options, waiting.line);
    std::vector<completion_request> requests;
    requests.push_back(completion_request("a"));
    requests.push_back(completion_request("b").deadline(2h));
    batch_results results = submit(llm, std::move(requests));
    waiting.context.poll();
    REQUIRE(waiting.told->left.size() == 2);
    CHECK(waiting.told->left[0] == duration::max());
    CHECK(is_in(waiting.told->left[1], 2h));
}

TEST_CASE("a request's own header is sent, in place of the client's of that name") {
    asio::io_context context;
    scripted_peer peer(context, {{{chat_answer("ok")}, {chat_answer("ok")}}});
    client llm(context.get_executor(), options_for(peer.base_url()).header("X-Team", "blue"));
    complete(context, llm,
             completion_request("a").header("traceparent", "00-1-2-01").header("x-team", "red"));
    complete(context, llm, completion_request("b"));
    REQUIRE(peer.requests().size() == 2);
    CHECK(peer.requests()[0].find("\r\ntraceparent: 00-1-2-01\r\n") != std::string::npos);
    CHECK(peer.requests()[0].find("\r\nx-team: red\r\n") != std::string::npos);
    CHECK(peer.requests()[0].find("X-Team") == std::string::npos);
    CHECK(peer.requests()[0].find("\r\nHost: ") != std::string::npos);
    CHECK(peer.requests()[1].find("\r\nX-Team: blue\r\n") != std::string::npos);
    CHECK(peer.requests()[1].find("traceparent") == std::string::npos);
}

TEST_CASE("an observer is told tag, model and usage at an attempt's end") {
    asio::io_context context;
    const std::string refusal = answer(429, R"({"error":{"message":"slow down"}})");
    scripted_peer peer(context, {{{refusal}, {chat_answer("ok")}, {chat_answer("ok")}}});
    const auto told = std::make_shared<told_names>();
    client llm(context.get_executor(), options_for(peer.base_url()).observer(told),
               coordinator_options().initial_rate(1000));
    const outcome got = complete(context, llm, completion_request("a").tag("row 7").model("large"));
    complete(context, llm, completion_request("b"));
    CHECK(told->names == std::vector<std::string>{"row 7 large", "row 7 large", " m"});
    REQUIRE(told->usages.size() == 3);
    CHECK(told->usages[0] == token_usage());
    CHECK(told->usages[1] == got.result.usage);
    CHECK(told->usages[1].completion_tokens.has_value());
}
