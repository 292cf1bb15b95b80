#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <boost/system/errc.hpp>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "support/completing.hpp"
#include "support/scripted_peer.hpp"

namespace {

// The allocation at which memory runs out for a moment, counted down; 0: it lasts.
thread_local std::size_t fails_in = 0;

bool fails_now() {
    return fails_in > 0 && --fails_in == 0;
}

void* allocate(std::size_t size) {
    void* const got = fails_now() ? nullptr : std::malloc(size == 0 ? 1 : size);
    if (!got) throw std::bad_alloc();
    return got;
}

}  // namespace

// All others call these, but those for what is aligned beyond the usual, which Asio has from elsewhere.
void* operator new(std::size_t size) {
    return allocate(size);
}
void* operator new[](std::size_t size) {
    return allocate(size);
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return fails_now() ? nullptr : std::malloc(size == 0 ? 1 : size);
}
void operator delete(void* one) noexcept {
    std::free(one);
}
void operator delete[](void* one) noexcept {
    std::free(one);
}
void operator delete(void* one, std::size_t) noexcept {
    std::free(one);
}
void operator delete[](void* one, std::size_t) noexcept {
    std::free(one);
}

namespace asio = boost::asio;
using namespace stagger;
using namespace stagger::test;

namespace {

const auto no_memory = boost::system::errc::not_enough_memory;

/// A peer with a thread of its own, whose memory does not run out.
class peer_apart {
 public:
    explicit peer_apart(const std::string& said)
        : peer_(context_, {scripted_peer::script(4, {said})}), thread_([this] { context_.run(); }) {}
    ~peer_apart() {
        context_.stop();
        thread_.join();
    }
    std::string base_url() const { return peer_.base_url(); }

 private:
    asio::io_context context_;
    scripted_peer peer_;
    std::thread thread_;
};

/// One request, whole or streamed, in whose course one allocation fails.
class asked {
 public:
    asked(client llm, bool streamed) : llm_(std::move(llm)), streamed_(streamed) {}

    /// @param failing the number of the allocation that fails; 0: none
    void run(asio::io_context& context, std::size_t failing) {
        context.restart();
        fails_in = failing;
        try {
            begin();
        } catch (const std::bad_alloc&) {
            thrown = ended = true;
        }
        while (!ended && run_one(context)) continue;
        undisturbed = fails_in > 0;
        fails_in = 0;
    }

    bool thrown = false;  ///< by a call that begins something, as is its right
    bool ended = false;
    bool undisturbed = false;  ///< it ended before the allocation that was to fail
    error_code error;
    std::string text;
    std::string message;

    void let_go() { stream_ = {}; }

 private:
    // Asio makes a resolver's results, and begins what a coroutine awaits, where only the caller of `run` can
    // catch what that throws.
    static bool run_one(asio::io_context& context) {
        try {
            return context.run_one() != 0;
        } catch (const std::bad_alloc&) {
            return true;
        }
    }
    void begin() {
        if (streamed_) {
            llm_.async_stream(completion_request("why?"),
                              [this](error_code failed, completion_stream opened) {
                                  stream_ = std::move(opened);
                                  failed ? end(failed, stream_.result()) : ask_on();
                              });
        } else {
            llm_.async_complete(completion_request("why?"),
                                [this](error_code failed, const completion& result) { end(failed, result); });
        }
    }
    void ask_on() {
        try {
            ask();
        } catch (const std::bad_alloc&) {
            thrown = ended = true;  // by the call that begins it
        }
    }
    void ask() {
        stream_.async_next([this](error_code failed, const std::optional<completion_delta>& delta) {
            failed || !delta ? end(failed, stream_.result()) : ask_on();
        });
    }
    void end(error_code with, const completion& result) {
        fails_in += fails_in > 0 ? 1000000 : 0;  // what follows is the test's own
        ended = true;
        error = with;
        text = result.text;
        message = result.info.message;
    }

    client llm_;
    const bool streamed_;
    completion_stream stream_;
};

/// True once the request ended before the n-th allocation.
bool run_out_at(std::size_t n, bool streamed, bool pooled) {
    peer_apart peer(streamed ? event_stream(chat_documents({"be", "cause"})) : chat_answer("because"));
    asio::io_context context;
    client llm(context.get_executor(),
               options_for(peer.base_url()).single_threaded(true).retry(retry_policy().max_attempts(1)),
               coordinator_options().initial_rate(1e6));
    if (pooled) asked(llm, streamed).run(context, 0);
    CAPTURE(n);
    asked request(llm, streamed);
    request.run(context, n);
    REQUIRE(request.ended);
    if (request.error) {
        CHECK(request.error == no_memory);
        CHECK_FALSE(request.message.empty());
    } else if (!request.thrown) {
        CHECK(request.text == "because");
    }
    request.let_go();
    context.restart();
    context.poll();
    CHECK(llm.gate().status().in_flight == 0);
    CHECK(llm.gate().status().waiting == 0);
    CHECK(llm.counters().running == 0);
    asked next(llm, streamed);
    next.run(context, 0);
    CHECK_FALSE(next.error);
    CHECK(next.text == "because");
    return request.undisturbed;
}

}  // namespace

TEST_CASE("a request that runs out of memory at any allocation ends with that, and the next one succeeds") {
    for (const bool streamed : {false, true}) {
        for (const bool pooled : {false, true}) {
            CAPTURE(streamed);
            CAPTURE(pooled);
            std::size_t n = 1;
            while (!run_out_at(n, streamed, pooled)) REQUIRE(++n < 1000);
            CHECK(n > 5);
        }
    }
}
