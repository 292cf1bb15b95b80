#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <functional>
#include <string>
#include <thread>

#include "support/completing.hpp"
#include "support/raw_peer.hpp"
#include "support/scripted_peer.hpp"

namespace asio = boost::asio;
using namespace stagger;
using namespace stagger::test;

namespace {

/// Answers each request with its own prompt, on a thread of its own: the processes that fork share it.
class echoing_peer {
 public:
    echoing_peer() : peer_(context_, answer_all), thread_([this] { context_.run(); }) {}
    ~echoing_peer() {
        context_.stop();
        thread_.join();
    }
    std::string url() const { return peer_.url("http"); }

 private:
    static asio::awaitable<void> answer_all(raw_peer::socket& one, std::size_t) {
        std::string unread;
        std::string request;
        while (co_await read_request(one, unread, &request)) {
            const std::string before = "whose: ";
            const std::size_t begin = request.find(before) + before.size();
            const std::string mine = request.substr(begin, request.find('"', begin) - begin);
            co_await say(one, chat_answer(mine));
        }
    }

    asio::io_context context_{1};
    asio::executor_work_guard<asio::io_context::executor_type> busy_{context_.get_executor()};
    raw_peer peer_;
    std::thread thread_;
};

/// Runs `as_child` in a child process and `as_parent` here; whether both said that all was well.
bool in_both(const std::function<bool()>& as_child, const std::function<bool()>& as_parent) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        bool well = false;
        try {
            well = as_child();
        } catch (...) {
            well = false;
        }
        ::_exit(well ? 0 : 1);  // neither the parent's tests nor its threads end here
    }
    const bool well = as_parent();
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return well && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

constexpr auto patience = std::chrono::seconds(20);  // of a client that waits for an answer it never gets

/// Every answer is the one to its own request.
bool gets_its_own_answers(asio::io_context& context, client& llm, const std::string& who) {
    for (int i = 0; i < 50; ++i) {
        const std::string mine = who + std::to_string(i);
        const outcome ended = complete(context, llm, completion_request("whose: " + mine));
        if (ended.error || ended.result.text != mine) return false;
    }
    return true;
}

}  // namespace

TEST_CASE("processes that fork do not share kept connections") {
    echoing_peer peer;
    asio::io_context context;
    client llm(context.get_executor(), impatient_options_for(peer.url()).deadline(patience));
    REQUIRE(gets_its_own_answers(context, llm, "before"));
    SUBCASE("where the context is told") {
        context.notify_fork(asio::execution_context::fork_prepare);
        CHECK(in_both(
            [&] {
                context.notify_fork(asio::execution_context::fork_child);
                return gets_its_own_answers(context, llm, "child") && llm.counters().connections_opened == 2;
            },
            [&] {
                context.notify_fork(asio::execution_context::fork_parent);
                return gets_its_own_answers(context, llm, "parent") && llm.counters().connections_opened == 1;
            }));
    }
    SUBCASE("where nobody tells it, and the child uses it alone") {
        CHECK(in_both(
            [&] {
                return gets_its_own_answers(context, llm, "child") && llm.counters().connections_opened == 2;
            },
            [] { return true; }));
        CHECK(gets_its_own_answers(context, llm, "parent"));
        CHECK(llm.counters().connections_opened == 1);
    }
}

TEST_CASE("a request that is in flight at a fork is answered in both processes") {
    echoing_peer peer;
    asio::io_context context;
    client llm(context.get_executor(), impatient_options_for(peer.url()).deadline(patience));
    std::string text;
    error_code error;
    bool ended = false;
    llm.async_complete(completion_request("whose: mine"), [&](error_code how, const completion& got) {
        error = how;
        text = got.text;
        ended = true;
    });
    // Admitted, and connecting or sent.
    while (llm.gate().status().in_flight == 0) context.run_one();
    SUBCASE("connecting") {}
    SUBCASE("sent") {
        while (llm.counters().connections_opened == 0) context.run_one();
    }
    const auto is_answered = [&](asio::execution_context::fork_event side) {
        context.notify_fork(side);
        while (!ended && context.run_one() != 0) continue;
        return !error && text == "mine";
    };
    context.notify_fork(asio::execution_context::fork_prepare);
    CHECK(in_both([&] { return is_answered(asio::execution_context::fork_child); },
                  [&] { return is_answered(asio::execution_context::fork_parent); }));
}
