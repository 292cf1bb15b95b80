#include <doctest/doctest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "support/completing.hpp"
#include "support/raw_peer.hpp"
#include "support/scripted_peer.hpp"
#include "support/test_certificates.hpp"

namespace asio = boost::asio;
using namespace stagger;
using namespace stagger::test;

namespace {

constexpr int most_steps = 1000;

struct way {
    bool streamed;
    bool pooled;  ///< the connection is there already
    bool alone;   ///< the client has no strand
};

std::vector<way> all_ways() {
    std::vector<way> ways;
    for (const bool streamed : {false, true}) {
        for (const bool pooled : {false, true}) {
            for (const bool alone : {false, true}) ways.push_back({streamed, pooled, alone});
        }
    }
    return ways;
}

std::string answer_for(way how) {
    return how.streamed ? event_stream(chat_documents({"be", "cause"})) : chat_answer("because");
}

client_options options_of(way how, const std::string& url) {
    return impatient_options_for(url).retry(retry_policy().max_attempts(1)).single_threaded(how.alone);
}

/// The pace is no matter of these tests, and would make them wait.
coordinator_options quick() {
    return coordinator_options().initial_rate(1e6);
}

/// One request, whole or streamed, from the call to its last handler.
class asked {
 public:
    asked(const client& llm, way how) : llm_(llm) {
        if (how.streamed) {
            auto opened = [this](error_code failed, completion_stream stream) {
                stream_ = std::move(stream);
                if (failed) return end(failed, stream_.result());
                ask_on();
            };
            llm_.async_stream(completion_request("why?"),
                              asio::bind_cancellation_slot(signal.slot(), std::move(opened)));
        } else {
            auto answered = [this](error_code ended, const completion& result) { end(ended, result); };
            llm_.async_complete(completion_request("why?"),
                                asio::bind_cancellation_slot(signal.slot(), std::move(answered)));
        }
    }

    void run_to_end(asio::io_context& context) {
        context.restart();
        while (endings == 0 && context.run_one() != 0) continue;
    }
    void let_go() { stream_ = {}; }

    asio::cancellation_signal signal;
    int endings = 0;
    error_code error;
    std::string text;
    std::string message;

 private:
    void ask_on() {
        auto got = [this](error_code failed, const std::optional<completion_delta>& delta) {
            if (failed || !delta) return end(failed, stream_.result());
            ask_on();
        };
        stream_.async_next(asio::bind_cancellation_slot(signal.slot(), std::move(got)));
    }
    void end(error_code ended, const completion& result) {
        ++endings;
        error = ended;
        text = result.text;
        message = result.info.message;
    }

    client llm_;
    completion_stream stream_;
};

/// Nothing is held any more, nothing that is left over is used, and the client ends.
void check_sound(asio::io_context& context, const client& llm, way how, unsigned requests) {
    context.restart();
    while (context.poll() != 0) context.restart();
    REQUIRE(llm.gate().status().in_flight == 0);
    REQUIRE(llm.gate().status().waiting == 0);
    {
        asked another(llm, how);
        another.run_to_end(context);
        CAPTURE(another.message);
        REQUIRE_FALSE(another.error);
        REQUIRE(another.text == "because");
    }
    std::optional<std::size_t> stopped;
    llm.async_drain(std::chrono::hours(1), [&](error_code, std::size_t count) { stopped = count; });
    context.restart();
    while (!stopped && context.run_one() != 0) continue;
    REQUIRE(stopped == std::size_t{0});
    const client_counters counted = llm.counters();
    REQUIRE(counted.running == 0);
    REQUIRE(counted.succeeded + counted.failed == requests);
}

/// What is done to a request that has come some steps far. True once it went through undisturbed.
using disturbance = std::function<void(asked&)>;

bool disturb(asio::io_context& context, client& llm, way how, int steps, const disturbance& what,
             const std::function<bool(const asked&)>& as_expected) {
    if (how.pooled) asked(llm, how).run_to_end(context);
    asked request(llm, how);
    context.restart();
    for (int i = 0; i < steps && request.endings == 0; ++i) context.run_one();
    const bool undisturbed = request.endings == 1;
    what(request);
    request.run_to_end(context);
    request.let_go();
    check_sound(context, llm, how, how.pooled ? 3 : 2);
    CAPTURE(request.error.message());
    REQUIRE(request.endings == 1);
    if (request.error) {
        REQUIRE_FALSE(request.message.empty());
        REQUIRE(as_expected(request));
    } else {
        REQUIRE(request.text == "because");
    }
    return undisturbed;
}

void cancel_at_every_step(way how, const test_certificates* certificates) {
    for (int steps = 0;; ++steps) {
        REQUIRE(steps < most_steps);
        CAPTURE(steps);
        asio::io_context context;
        const std::string said = answer_for(how);
        scripted_peer peer(context, {{{said}, {said}, {said}}},
                           certificates ? certificates->server(certificate_kind::good) : nullptr);
        client_options options = options_of(how, peer.base_url());
        if (certificates) options.ca_file(certificates->ca_file());
        client llm(context.get_executor(), options, quick());
        const bool undisturbed = disturb(
            context, llm, how, steps, [](asked& one) { one.signal.emit(asio::cancellation_type::terminal); },
            [](const asked& one) { return one.error == errc::cancelled; });
        if (undisturbed) break;
    }
}

/// Two writes an answer, so that a step lies between them.
asio::awaitable<void> answer_in_halves(raw_peer::socket& one, std::string said) {
    std::string unread;
    while (co_await read_request(one, unread)) {
        co_await say(one, said.substr(0, said.size() / 2));
        co_await say(one, said.substr(said.size() / 2));
    }
}

void break_at_every_step(way how, bool by_reset) {
    for (int steps = 0;; ++steps) {
        REQUIRE(steps < most_steps);
        CAPTURE(steps);
        asio::io_context context;
        const std::string said = answer_for(how);
        raw_peer peer(context,
                      [&](raw_peer::socket& one, std::size_t) { return answer_in_halves(one, said); });
        client llm(context.get_executor(), options_of(how, peer.url()), quick());
        const auto break_off = [&](asked&) {
            for (std::size_t i = 0; i < peer.connections(); ++i) {
                error_code ignored;
                by_reset ? reset_connection(peer.connection(i)) : void(peer.connection(i).close(ignored));
            }
        };
        const bool undisturbed = disturb(context, llm, how, steps, break_off, [](const asked& one) {
            return one.error == errc::connection_lost || one.error == errc::answer_truncated;
        });
        if (undisturbed) break;
    }
}

}  // namespace

TEST_CASE("cancelling at every step ends a request once, and the client goes on as if nothing had been") {
    for (const way how : all_ways()) {
        CAPTURE(how.streamed);
        CAPTURE(how.pooled);
        CAPTURE(how.alone);
        cancel_at_every_step(how, nullptr);
    }
}

TEST_CASE("cancelling at every step over TLS") {
    const test_certificates certificates;
    for (const way how : all_ways()) {
        if (!how.alone) continue;  // handshakes are slow, and a strand changes nothing about them
        CAPTURE(how.streamed);
        CAPTURE(how.pooled);
        cancel_at_every_step(how, &certificates);
    }
}

TEST_CASE("a connection that breaks at any step ends a request once, and the next one has a new connection") {
    for (const way how : all_ways()) {
        for (const bool by_reset : {false, true}) {
            CAPTURE(how.streamed);
            CAPTURE(how.pooled);
            CAPTURE(how.alone);
            CAPTURE(by_reset);
            break_at_every_step(how, by_reset);
        }
    }
}

TEST_CASE("a client that is closed at any step ends a request once and holds nothing") {
    for (const way how : all_ways()) {
        bool undisturbed = false;
        for (int steps = 0; !undisturbed; ++steps) {
            REQUIRE(steps < most_steps);
            CAPTURE(steps);
            asio::io_context context;
            scripted_peer peer(context, {{{answer_for(how)}, {answer_for(how)}}});
            client llm(context.get_executor(), options_of(how, peer.base_url()), quick());
            if (how.pooled) asked(llm, how).run_to_end(context);
            asked request(llm, how);
            context.restart();
            for (int i = 0; i < steps && request.endings == 0; ++i) context.run_one();
            undisturbed = request.endings == 1;
            llm.close();
            request.run_to_end(context);
            peer.close();
            context.run();  // nothing keeps it running
            REQUIRE(request.endings == 1);
            const bool as_expected = !request.error || request.error == errc::shut_down;
            REQUIRE(as_expected);
            REQUIRE(llm.gate().status().in_flight == 0);
        }
    }
}

TEST_CASE("a drain without patience that begins at any step ends, though nobody reads the stream") {
    bool undisturbed = false;
    for (int steps = 0; !undisturbed; ++steps) {
        REQUIRE(steps < most_steps);
        CAPTURE(steps);
        asio::io_context context;
        scripted_peer peer(context, {{{answer_for({true, false, true})}}});
        client llm(context.get_executor(), options_for(peer.base_url()), quick());
        completion_stream kept;
        int endings = 0;
        llm.async_stream(completion_request("why?"), [&](error_code, completion_stream stream) {
            ++endings;
            kept = std::move(stream);
        });
        for (int i = 0; i < steps && endings == 0; ++i) context.run_one();
        undisturbed = endings == 1;
        std::optional<std::size_t> stopped;
        llm.async_drain(duration::zero(), [&](error_code, std::size_t count) { stopped = count; });
        // Nothing but the drain can end it.
        const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        while (!(stopped && endings == 1) && context.run_one_until(patience) != 0) continue;
        REQUIRE(stopped == std::size_t{1});
        REQUIRE(endings == 1);
        REQUIRE(llm.gate().status().in_flight == 0);
    }
}

TEST_CASE("one who waits for a connection and is cancelled at any step hands his place on") {
    bool too_late = false;
    for (int steps = 0; !too_late; ++steps) {
        REQUIRE(steps < most_steps);
        CAPTURE(steps);
        asio::io_context context;
        const std::string said = chat_answer("because");
        scripted_peer peer(context, {scripted_peer::script(4, {said})});
        client llm(context.get_executor(), options_for(peer.base_url()).max_connections(1), quick());
        const way how{false, false, false};
        asked first(llm, how);
        asked second(llm, how);
        asked third(llm, how);
        while (peer.requests().empty()) context.run_one();
        for (int i = 0; i < steps && second.endings == 0; ++i) context.run_one();
        too_late = second.endings == 1;
        second.signal.emit(asio::cancellation_type::terminal);
        for (asked* one : {&first, &second, &third}) one->run_to_end(context);
        CHECK_FALSE(first.error);
        CHECK((!second.error || second.error == errc::cancelled));
        CHECK_FALSE(third.error);
        CHECK(third.text == "because");
        check_sound(context, llm, how, 4);
    }
}
