#include <doctest/doctest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <optional>
#include <string>
#include <vector>

#include "net/gate_access.hpp"
#include "stagger/gate.hpp"
#include "support/completing.hpp"
#include "support/scripted_peer.hpp"

namespace asio = boost::asio;
using namespace std::chrono_literals;
using namespace stagger;
using namespace stagger::test;

namespace {

const coordinator_options unhurried = coordinator_options().initial_rate(1e6);
const std::vector<turn> answers(100, turn{chat_answer("fine")});

route way(const scripted_peer& peer) {
    return route(peer.base_url()).limits(unhurried);
}

client_options of_routes() {
    return client_options().api_key("key-of-all").model("m").jitter_seed(1).backoff(backoff_policy::none());
}

/// A port on which nobody listens any more.
std::string nowhere(asio::io_context& context) {
    scripted_peer gone(context, {answers});
    const std::string url = gone.base_url();
    gone.close();
    context.poll();
    return url;
}

std::vector<outcome> complete_all(asio::io_context& context, const client& llm, std::size_t count) {
    std::vector<outcome> ended;
    for (std::size_t i = 0; i < count; ++i) {
        llm.async_complete(completion_request("prompt"), [&](error_code error, completion result) {
            ended.push_back({error, std::move(result)});
        });
    }
    context.restart();
    while (ended.size() < count && context.run_one() != 0) continue;
    return ended;
}

}  // namespace

TEST_CASE("routes: from 1 to 64, weights above zero, and no base URL beside them") {
    asio::io_context context;
    CHECK_THROWS_AS(routes(std::vector<route>{}), std::invalid_argument);
    CHECK_THROWS_AS(routes(std::vector<route>(65, route("http://a"))), std::invalid_argument);
    CHECK_THROWS_AS(routes(route("http://a").weight(0)), std::invalid_argument);
    CHECK_THROWS_AS(client(context.get_executor(), routes(route("http://a"), route("http://b")),
                           client_options().base_url("http://c")),
                    std::invalid_argument);
    CHECK_THROWS_AS(client(context.get_executor(), routes(route("http://a"), route("nonsense"))),
                    std::invalid_argument);
}

TEST_CASE("routes: each request goes by its route's key, model, dialect and fields") {
    asio::io_context context;
    const std::string anthropic = answer(
        200, R"({"type":"message","content":[{"type":"text","text":"fine"}],"stop_reason":"end_turn"})");
    scripted_peer one(context, {answers});
    scripted_peer two(context, {{std::vector<turn>(100, turn{anthropic})}});
    client llm(context.get_executor(),
               routes(way(one).header("X-Team", "a"), way(two)
                                                          .api_key("its-own")
                                                          .model("claude")
                                                          .dialect(dialect::anthropic_messages)
                                                          .name("claude over there")),
               of_routes());
    for (const outcome& ended : complete_all(context, llm, 40)) {
        CHECK_FALSE(ended.error);
        CHECK(ended.result.text == "fine");
    }
    REQUIRE_FALSE(one.requests().empty());
    REQUIRE_FALSE(two.requests().empty());
    CHECK(one.requests().size() + two.requests().size() == 40);
    for (const std::string& sent : one.requests()) {
        CHECK(sent.find("/chat/completions") != std::string::npos);
        CHECK(sent.find("Bearer key-of-all") != std::string::npos);
        CHECK(sent.find("X-Team: a") != std::string::npos);
        CHECK(sent.find(R"("model":"m")") != std::string::npos);
    }
    for (const std::string& sent : two.requests()) {
        CHECK(sent.find("/messages") != std::string::npos);
        CHECK(sent.find("its-own") != std::string::npos);
        CHECK(sent.find("X-Team") == std::string::npos);
        CHECK(sent.find(R"("model":"claude")") != std::string::npos);
    }
    const auto states = llm.route_states();
    REQUIRE(states.size() == 2);
    CHECK(states[0].name == one.base_url());
    CHECK(states[0].attempts == one.requests().size());
    CHECK(states[1].name == "claude over there");
    CHECK(states[1].condition == route_condition::good);
}

TEST_CASE("routes: the name that a route has for its model is sent whatever the request names") {
    asio::io_context context;
    scripted_peer there(context, {answers});
    client one(context.get_executor(), routes(way(there).model("deployed")), of_routes());
    CHECK_FALSE(complete(context, one, completion_request("prompt").model("named")).error);
    client two(context.get_executor(), routes(way(there).model("deployed"), way(there).model("deployed")),
               of_routes());
    CHECK_FALSE(complete(context, two, completion_request("prompt").model("named")).error);
    REQUIRE(there.requests().size() == 2);
    for (const std::string& sent : there.requests()) {
        CHECK(sent.find(R"("model":"deployed")") != std::string::npos);
        CHECK(sent.find("named") == std::string::npos);
    }
}

TEST_CASE("routes: a lower tier alone is used while it is good") {
    asio::io_context context;
    scripted_peer first(context, {answers});
    scripted_peer second(context, {answers});
    client llm(context.get_executor(), routes(way(second).tier(1), way(first)), of_routes());
    for (const outcome& ended : complete_all(context, llm, 30)) CHECK_FALSE(ended.error);
    CHECK(first.requests().size() == 30);
    CHECK(second.requests().empty());
}

TEST_CASE("routes: where nobody listens, the other one has it all, and nothing is lost") {
    asio::io_context context;
    scripted_peer there(context, {answers});
    client llm(context.get_executor(), routes(route(nowhere(context)).limits(unhurried), way(there)),
               of_routes());
    for (int round = 0; round < 3; ++round) {
        for (const outcome& ended : complete_all(context, llm, 20)) CHECK_FALSE(ended.error);
    }
    CHECK(there.requests().size() == 60);
    CHECK(llm.route_states()[0].condition == route_condition::down);
    CHECK(llm.route_states()[1].condition == route_condition::good);
}

TEST_CASE("routes: a key that is refused at one of them ends no request while there is another") {
    asio::io_context context;
    const std::vector<turn> refusals(100, turn{answer(401, R"({"error":{"message":"no such key"}})")});
    scripted_peer wrong(context, {refusals});
    SUBCASE("another") {
        scripted_peer right(context, {answers});
        client llm(context.get_executor(), routes(way(wrong), way(right).tier(1)), of_routes());
        for (int i = 0; i < 10; ++i) {
            const outcome ended = complete(context, llm, completion_request("prompt"));
            CHECK_FALSE(ended.error);
        }
        CHECK(wrong.requests().size() == 1);
        CHECK(llm.route_states()[0].condition == route_condition::unusable);
    }
    SUBCASE("none") {
        scripted_peer as_wrong(context, {refusals});
        client llm(context.get_executor(), routes(way(wrong), way(as_wrong)), of_routes());
        for (int i = 0; i < 4; ++i) {
            const outcome ended = complete(context, llm, completion_request("prompt"));
            CHECK(ended.error == errc::unauthorized);
            CHECK(ended.result.info.message.find("no such key") != std::string::npos);
        }
    }
}

TEST_CASE("routes: a refused request goes to another one at once, whatever the first one's Retry-After") {
    asio::io_context context;
    const std::vector<turn> refusals(
        100, turn{answer(429, R"({"error":{"message":"slow down"}})", "Retry-After: 3600\r\n")});
    scripted_peer closed(context, {refusals});
    scripted_peer open(context, {answers});
    client llm(context.get_executor(), routes(way(closed), way(open).tier(1)), of_routes());
    const outcome ended = complete(context, llm, completion_request("prompt"));
    CHECK_FALSE(ended.error);
    CHECK(ended.result.info.attempts == 2);
    CHECK(ended.result.info.rejections == 1);
    for (const outcome& one : complete_all(context, llm, 20)) CHECK_FALSE(one.error);
    CHECK(closed.requests().size() <= 2);
}

TEST_CASE("routes: what one dialect cannot say goes where it can be said, or ends with the reason") {
    asio::io_context context;
    scripted_peer chat(context, {answers});
    scripted_peer other(context, {answers});
    const auto shows = [] { return completion_request("what is this?").image("https://a.b/c.png"); };
    SUBCASE("it can") {
        client llm(context.get_executor(),
                   routes(way(other).dialect(dialect::openai_completions), way(chat).tier(1)), of_routes());
        CHECK_FALSE(complete(context, llm, shows()).error);
        CHECK(other.requests().empty());
        CHECK(chat.requests().size() == 1);
    }
    SUBCASE("nowhere") {
        client llm(context.get_executor(),
                   routes(way(other).dialect(dialect::openai_completions),
                          way(chat).dialect(dialect::openai_completions)),
                   of_routes());
        const outcome ended = complete(context, llm, shows());
        CHECK(ended.error == errc::invalid_request);
        CHECK_FALSE(ended.result.info.message.empty());
        CHECK(other.requests().empty());
        CHECK(chat.requests().empty());
    }
}

TEST_CASE("routes: a stream takes a route, too") {
    asio::io_context context;
    const std::string streamed = event_stream(chat_documents({"fi", "ne"}));
    scripted_peer there(context, {std::vector<turn>(4, turn{streamed})});
    client llm(context.get_executor(), routes(route(nowhere(context)).limits(unhurried), way(there)),
               of_routes());
    std::optional<completion_stream> opened;
    error_code failed;
    llm.async_stream(completion_request("prompt"), [&](error_code error, completion_stream stream) {
        failed = error;
        opened.emplace(std::move(stream));
    });
    context.restart();
    while (!opened && context.run_one() != 0) continue;
    REQUIRE(opened);
    CHECK_FALSE(failed);
    std::string text;
    bool ended = false;
    while (!ended) {
        bool came = false;
        opened->async_next([&](error_code error, std::optional<completion_delta> delta) {
            came = true;
            failed = error;
            ended = error || !delta;
            if (delta) text += delta->text;
        });
        context.restart();
        while (!came && context.run_one() != 0) continue;
    }
    CHECK_FALSE(failed);
    CHECK(text == "fine");
}

namespace {

/// A client whose routes are both down, so that whatever comes waits for one.
client without_route(asio::io_context& context, client_options options) {
    const std::string gone = nowhere(context);
    client llm(context.get_executor(), routes(route(gone).limits(unhurried), route(gone).limits(unhurried)),
               options);
    return llm;
}

/// Until neither of its two routes is good.
void run_until_down(asio::io_context& context, const client& llm) {
    const auto good = [&](std::size_t which) {
        return llm.route_states()[which].condition == route_condition::good;
    };
    context.restart();
    while (good(0) || good(1)) REQUIRE(context.run_one() != 0);
}

}  // namespace

TEST_CASE("routes: who waits for one can be cancelled, and ends with its deadline or its client") {
    asio::io_context context;
    asio::cancellation_signal signal;
    std::vector<error_code> ended;
    const auto take = [&](error_code error, const completion&) { ended.push_back(error); };
    SUBCASE("cancelled") {
        client llm = without_route(context, of_routes());
        llm.async_complete(completion_request("prompt"), asio::bind_cancellation_slot(signal.slot(), take));
        run_until_down(context, llm);
        signal.emit(asio::cancellation_type::all);
        while (ended.empty() && context.run_one() != 0) continue;
        CHECK(ended == std::vector<error_code>{errc::cancelled});
    }
    SUBCASE("its deadline passes") {
        client llm = without_route(context, of_routes().deadline(50ms));
        llm.async_complete(completion_request("prompt"), take);
        context.restart();
        while (ended.empty() && context.run_one() != 0) continue;
        CHECK(ended == std::vector<error_code>{errc::deadline_exceeded});
    }
    SUBCASE("its client is closed") {
        client llm = without_route(context, of_routes());
        for (int i = 0; i < 10; ++i) llm.async_complete(completion_request("prompt"), take);
        context.restart();
        context.poll();
        llm.close();
        context.restart();
        context.run();
        CHECK(ended == std::vector<error_code>(10, errc::shut_down));
    }
    SUBCASE("its context ends") {
        {
            asio::io_context other;
            client llm = without_route(other, of_routes());
            for (int i = 0; i < 10; ++i) llm.async_complete(completion_request("prompt"), take);
            other.restart();
            other.poll();
        }
        CHECK(ended.empty());
    }
    SUBCASE("its client goes, and then its context") {
        {
            asio::io_context other;
            client llm = without_route(other, of_routes());
            for (int i = 0; i < 10; ++i) llm.async_complete(completion_request("prompt"), take);
            run_until_down(other, llm);
        }
        CHECK(ended.empty());
    }
    SUBCASE("its context goes, and then its client") {
        std::optional<client> llm;
        {
            asio::io_context other;
            llm = without_route(other, of_routes());
            for (int i = 0; i < 10; ++i) llm->async_complete(completion_request("prompt"), take);
            run_until_down(other, *llm);
        }
        CHECK(ended.empty());
    }
}

TEST_CASE("gate: what may change its word by much is news, the usual is not") {
    asio::io_context context;
    gate limiter(context.get_executor(), unhurried, 1);
    const auto& news = detail::gate_access::news(limiter);
    const auto leave = [&] {
        permit got;
        limiter.async_admit(admission(), [&](error_code, permit given) { got = std::move(given); });
        context.restart();
        context.run();
        REQUIRE(got);
        return got;
    };
    permit usual = leave();
    permit told = leave();
    permit refused = leave();
    permit failed = leave();
    auto before = news.load();
    usual.accepted();
    CHECK(news == before);
    hints said;
    said.requests.remaining = 0;
    told.accepted(said);
    CHECK(news != before);
    before = news;
    refused.throttled();
    CHECK(news != before);
    before = news;
    failed.failed();
    CHECK(news != before);
}

TEST_CASE(
    "routes: of a server that refuses for its load all the time no more is asked than tells that it is "
    "down") {
    asio::io_context context;
    const std::vector<turn> refusals(100, turn{answer(503, R"({"error":{"message":"overloaded"}})")});
    scripted_peer down(context, {refusals});
    scripted_peer there(context, {answers});
    client llm(context.get_executor(), routes(way(down), way(there).tier(1)), of_routes());
    for (int i = 0; i < 40; ++i) CHECK_FALSE(complete(context, llm, completion_request("prompt")).error);
    CHECK(llm.route_states()[0].condition == route_condition::down);
    CHECK(down.requests().size() <= 12);  // five, and one now and then
    CHECK(there.requests().size() == 40);
}
