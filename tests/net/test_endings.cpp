#include <doctest/doctest.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <optional>
#include <vector>

#include "support/completing.hpp"
#include "support/raw_peer.hpp"
#include "support/scripted_peer.hpp"

namespace asio = boost::asio;
using namespace stagger;
using namespace stagger::test;

namespace {

enum class by { caller, client, deadline };

/// A request that is held up in one phase.
struct held {
    request_phase phase;
    std::string scheme = "http";
    std::string said{};   ///< by the peer, to every request
    bool reads = true;    ///< the peer reads requests at all
    bool others = false;  ///< another request is in flight
    unsigned in_flight = 2;
    std::string prompt = "a";
};

std::vector<held> all_phases() {
    const std::string refusal = answer(429, "{}", "Retry-After: 100\r\n");
    std::vector<held> phases(7);
    phases[0] = {request_phase::awaiting_answer};
    phases[1] = {request_phase::receiving, "http", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"};
    phases[2] = {request_phase::shaking_hands, "https", "", false};
    phases[3] = {request_phase::sending, "http", "", false, false, 2, std::string(16 << 20, 'a')};
    phases[4] = {request_phase::backing_off, "http", refusal};
    phases[5] = {request_phase::queued, "http", "", true, true, 1};
    phases[6] = {request_phase::awaiting_place, "http", "", true, true, 2};
    return phases;
}

/// Holds a request up, then lets it be ended, and looks at how it did.
void check_ending(const held& at, by whom) {
    asio::io_context context;
    std::size_t heard = 0;
    raw_peer peer(context, [&](raw_peer::socket& one, std::size_t) -> asio::awaitable<void> {
        std::string unread;
        ++heard;
        if (!at.reads) co_return;  // apart: g++ 12 awaits what stands behind && in any case
        while (co_await read_request(one, unread)) co_await say(one, at.said);
    });
    auto options = options_for(peer.url(at.scheme)).max_connections(at.others ? 1 : 0);
    if (whom == by::deadline) options.deadline(std::chrono::milliseconds(50));
    client llm(context.get_executor(), options,
               coordinator_options().max_in_flight(at.in_flight).initial_rate(1e6));
    std::vector<outcome> ended;
    asio::cancellation_signal signal;
    const auto collect = [&](error_code error, completion result) {
        ended.push_back({error, std::move(result)});
    };
    if (at.others) {
        llm.async_complete(completion_request("first"), [](error_code, const completion&) {});
        while (heard == 0) context.run_one();
    }
    llm.async_complete(completion_request(at.prompt), asio::bind_cancellation_slot(signal.slot(), collect));
    while (heard == 0 && ended.empty()) context.run_one();
    if (whom != by::deadline) {
        // What happens on loopback happens at once: nothing is ready any more when the request is held up.
        while (context.poll() != 0) continue;
        CHECK(ended.empty());
        if (whom == by::caller) signal.emit(asio::cancellation_type::total);
        if (whom == by::client) llm.close();
    }
    while (ended.empty() && context.run_one() != 0) continue;
    REQUIRE(ended.size() == 1);
    const diagnostic& info = ended[0].result.info;
    // How far it comes before a deadline is a matter of speed.
    if (whom != by::deadline) CHECK(info.phase == at.phase);
    CHECK_FALSE(info.message.empty());
    CHECK(ended[0].error == (whom == by::caller   ? errc::cancelled
                             : whom == by::client ? errc::shut_down
                                                  : errc::deadline_exceeded));
    const bool sent = at.phase == request_phase::awaiting_answer || at.phase == request_phase::receiving;
    // What took too long before the request was sent is said instead of the deadline.
    if (sent || (whom != by::deadline && at.phase == request_phase::shaking_hands))
        CHECK(info.message == ended[0].error.message());
    llm.close();
    peer.close();
    context.poll();
    CHECK(llm.gate().status().in_flight == 0);
    CHECK(llm.gate().status().waiting == 0);
}

}  // namespace

TEST_CASE("a request ends at once in every phase, says where it was, and holds nothing any more") {
    for (const held& at : all_phases()) {
        CAPTURE(at.phase);
        for (const by whom : {by::caller, by::client, by::deadline}) {
            CAPTURE(static_cast<int>(whom));
            // Both requests have the same deadline there, and the first frees what the second waits for.
            if (whom == by::deadline && at.others) continue;
            // What fills every buffer of the system is large, and once is enough.
            if (whom != by::caller && at.phase == request_phase::sending) continue;
            check_ending(at, whom);
        }
    }
}

TEST_CASE("a request whose Retry-After lies behind its deadline ends at once, with the server's words") {
    asio::io_context context;
    const std::string refusal = R"({"error":{"message":"come back tomorrow"}})";
    scripted_peer peer(context, {{{answer(429, refusal, "Retry-After: 86400\r\n")}}});
    client llm(context.get_executor(), options_for(peer.base_url()).deadline(std::chrono::hours(1)));
    std::optional<outcome> ended;
    llm.async_complete(completion_request("a"), [&](error_code error, completion result) {
        ended = outcome{error, std::move(result)};
    });
    while (!ended && context.run_one() != 0) continue;
    REQUIRE(ended.has_value());
    CHECK(ended->error == errc::deadline_exceeded);
    CHECK(ended->result.info.last_error == errc::rate_limited);
    CHECK(ended->result.info.message == "come back tomorrow");
    CHECK(ended->result.info.attempts == 1);
    CHECK(ended->result.info.queued < std::chrono::hours(1));
}

TEST_CASE("cancelling after any number of steps ends a request at a peer that never answers") {
    for (int steps = 0; steps < 80; ++steps) {
        asio::io_context context;
        raw_peer peer(context, [](raw_peer::socket& one, std::size_t) -> asio::awaitable<void> {
            std::string unread;
            while (co_await read_request(one, unread)) continue;
        });
        client llm(context.get_executor(), options_for(peer.url()).single_threaded(steps % 2 == 0));
        asio::cancellation_signal signal;
        std::optional<error_code> ended;
        llm.async_complete(completion_request("a"),
                           asio::bind_cancellation_slot(
                               signal.slot(), [&](error_code error, const completion&) { ended = error; }));
        for (int i = 0; i < steps; ++i) context.poll_one();
        signal.emit(asio::cancellation_type::terminal);
        // Nothing but the cancellation can end it: the limits of all phases are far away.
        const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(5);
        while (!ended && context.run_one_until(patience) != 0) continue;
        CAPTURE(steps);
        REQUIRE(ended.has_value());
        REQUIRE(*ended == errc::cancelled);
        REQUIRE(llm.gate().status().in_flight == 0);
    }
}

TEST_CASE("draining waits for what runs, refuses what comes, and says that nothing was lost") {
    asio::io_context context;
    scripted_peer peer(context, {{{chat_answer("1")}, {chat_answer("2")}, {chat_answer("3")}}});
    client llm(context.get_executor(), options_for(peer.base_url()), coordinator_options().max_in_flight(1));
    int answered = 0;
    error_code refused;
    std::optional<std::size_t> lost;
    for (int i = 0; i < 3; ++i) {
        llm.async_complete(completion_request("a"),
                           [&](error_code error, const completion&) { answered += !error; });
    }
    llm.async_drain(std::chrono::hours(1), [&](error_code error, std::size_t stopped) {
        CHECK_FALSE(error);
        CHECK(answered == 3);
        lost = stopped;
    });
    CHECK_FALSE(lost);
    llm.async_complete(completion_request("late"), [&](error_code error, const completion& result) {
        refused = error;
        CHECK_FALSE(result.info.message.empty());
    });
    while (!lost && context.run_one() != 0) continue;
    REQUIRE(lost.has_value());
    CHECK(*lost == 0);
    CHECK(refused == errc::shut_down);
}

TEST_CASE("a stream that opens while its client drains keeps its time") {
    asio::io_context context;
    const std::string said = event_stream(chat_documents({"be", "cause"}));
    bool heard = false;
    asio::steady_timer answers(context, asio::steady_timer::time_point::max());
    raw_peer peer(context, [&](raw_peer::socket& one, std::size_t) -> asio::awaitable<void> {
        std::string unread;
        co_await read_request(one, unread);
        heard = true;
        co_await answers.async_wait(asio::as_tuple(asio::deferred));
        co_await say(one, said);
    });
    client llm(context.get_executor(), options_for(peer.url()));
    std::string text;
    error_code ended = errc::shut_down;
    completion_stream kept;
    std::optional<std::size_t> lost;
    std::function<void()> ask = [&] {
        kept.async_next([&](error_code error, const std::optional<completion_delta>& delta) {
            ended = error;
            if (error || !delta) return;
            text += delta->text;
            ask();
        });
    };
    llm.async_stream(completion_request("a"), [&](error_code error, completion_stream stream) {
        REQUIRE_FALSE(error);
        kept = std::move(stream);
        // What the drain might do wrong, it has done before the first piece is asked for.
        for (int turns = 0; turns < 8; ++turns) asio::post(context, [] {});
        asio::post(context, [&] { asio::post(context, ask); });
    });
    while (!heard && context.run_one() != 0) continue;
    llm.async_drain(std::chrono::hours(1), [&](error_code, std::size_t stopped) { lost = stopped; });
    context.poll();
    answers.cancel();
    while (!lost && context.run_one() != 0) continue;
    CHECK_FALSE(ended);
    CHECK(text == "because");
    CHECK(lost == std::size_t{0});
}

TEST_CASE("draining ends what still runs after its limit, or when it is cancelled itself") {
    bool cancelled = false;
    SUBCASE("limit") {}
    SUBCASE("cancelled") {
        cancelled = true;
    }
    asio::io_context context;
    scripted_peer peer(context, {{{"", turn::fall_silent}}});
    client llm(context.get_executor(), options_for(peer.base_url()), coordinator_options().max_in_flight(1));
    std::vector<error_code> ended;
    std::optional<std::size_t> lost;
    asio::cancellation_signal signal;
    for (int i = 0; i < 2; ++i) {
        llm.async_complete(completion_request("a"),
                           [&](error_code error, const completion&) { ended.push_back(error); });
    }
    const auto limit = cancelled ? duration(std::chrono::hours(1)) : duration(std::chrono::milliseconds(20));
    llm.async_drain(limit, asio::bind_cancellation_slot(signal.slot(), [&](error_code, std::size_t stopped) {
                        CHECK(ended.size() == 2);
                        lost = stopped;
                    }));
    while (peer.requests().empty() && !lost) context.run_one();
    if (cancelled) signal.emit(asio::cancellation_type::terminal);
    while (!lost && context.run_one() != 0) continue;
    REQUIRE(lost.has_value());
    CHECK(*lost == 2);
    for (const error_code& error : ended) CHECK(error == errc::shut_down);
}

TEST_CASE(
    "draining a client that is idle ends at once; a context that goes away drains nothing and leaks "
    "nothing") {
    std::optional<std::size_t> lost;
    {
        asio::io_context context;
        client llm(context.get_executor(), options_for("http://127.0.0.1:1"));
        const auto told = [&, llm](error_code, std::size_t stopped) { lost = stopped; };
        llm.async_drain(std::chrono::hours(1), told);
        context.run();
        CHECK(lost == std::size_t{0});
    }
    asio::io_context context;
    raw_peer peer(context, [](raw_peer::socket&, std::size_t) -> asio::awaitable<void> { co_return; });
    client llm(context.get_executor(), options_for(peer.url()));
    llm.async_complete(completion_request("a"), [llm](error_code, const completion&) {});
    llm.async_drain(std::chrono::hours(1), [llm](error_code, std::size_t) {});
    while (peer.connections() == 0) context.run_one();
}

namespace {

/// Answers whatever speaks of poison with 500, and anything else well.
class picky_peer {
 public:
    explicit picky_peer(asio::io_context& context)
        : acceptor_(context, asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {
        asio::co_spawn(context, accept(), asio::detached);
    }
    std::string base_url() const {
        return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + "/v1";
    }

 private:
    asio::awaitable<void> accept() {
        constexpr auto token = asio::as_tuple(asio::use_awaitable);
        for (;;) {
            auto [error, socket] = co_await acceptor_.async_accept(token);
            if (error) co_return;
            asio::co_spawn(acceptor_.get_executor(), serve(std::move(socket)), asio::detached);
        }
    }
    static asio::awaitable<void> serve(asio::ip::tcp::socket socket) {
        constexpr auto token = asio::as_tuple(asio::use_awaitable);
        const std::string refusal = answer(500, R"({"error":{"message":"invalid Unicode"}})");
        const std::string sound = chat_answer("ok");
        std::string received;
        for (;;) {
            // Behind the messages; what follows them stays for the next time.
            const auto buffer = asio::dynamic_buffer(received);
            const auto [error, size] = co_await asio::async_read_until(socket, buffer, "}]", token);
            if (error) co_return;
            const bool poisoned = received.find("poison") != std::string::npos;
            received.erase(0, size);
            const auto reply = asio::buffer(poisoned ? refusal : sound);
            const auto [lost, written] = co_await asio::async_write(socket, reply, token);
            if (lost || written == 0) co_return;
        }
    }

    asio::ip::tcp::acceptor acceptor_;
};

}  // namespace

TEST_CASE("a request whose attempts all fail while another was answered is given up, and lists them") {
    asio::io_context context;
    picky_peer peer(context);
    // It waits, so that it does not take every slot that there is.
    client llm(context.get_executor(), options_for(peer.base_url())
                                           .backoff(backoff_policy::constant(std::chrono::milliseconds(100)))
                                           .give_up_after(3, {}));
    std::optional<outcome> ended;
    llm.async_complete(completion_request("poison"), [&](error_code error, completion result) {
        ended.emplace(outcome{error, std::move(result)});
    });
    const auto sound = complete(context, llm, completion_request("sound"));
    CHECK_FALSE(sound.error);
    CHECK(sound.result.info.tries.empty());
    while (!ended && context.run_one() != 0) continue;
    REQUIRE(ended);
    const diagnostic& info = ended->result.info;
    CHECK(ended->error == errc::prompt_failed);
    CHECK(ended->error == condition::permanent);
    CHECK(info.attempts >= 3);
    REQUIRE_FALSE(info.tries.empty());
    CHECK(info.tries.size() == std::min(info.attempts, 20U));
    CHECK(info.tries.front().error == errc::server_error);
    CHECK(info.tries.front().http_status == 500);
    CHECK(info.tries.front().message == "invalid Unicode");
    CHECK(info.message.find(" 1 other requests of the same model and key were answered: ") !=
          std::string::npos);
    CHECK(info.alike == sound.result.info.alike);
}

TEST_CASE(
    "where nothing is answered, a request is tried on until its deadline, and lists the first and the last") {
    asio::io_context context;
    const turn broken{answer(500, R"({"error":{"message":"down"}})")};
    std::vector<turn> outage(30, broken);
    outage.push_back({answer(400, R"({"error":{"message":"up again"}})")});
    scripted_peer peer(context, {outage});
    stagger::client llm(context.get_executor(),
                        stagger::test::impatient_options_for(peer.base_url()).give_up_after(3, {}));
    const auto ended = complete(context, llm, completion_request("a"));
    CHECK(ended.error == errc::bad_request);
    CHECK(ended.result.info.attempts == 31);
    CHECK(ended.result.info.tries.size() == 20);
}
