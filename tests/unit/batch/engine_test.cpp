#include "batch/engine.hpp"

#include <doctest/doctest.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <set>
#include <stdexcept>

#include "unit/batch/fake_transport.hpp"

namespace asio = boost::asio;
using stagger::batch_results;
using stagger::errc;
using stagger::batch::engine;

namespace {

/// Prompts "1", "2", … without end or until `count`, made when they are asked for.
class counting_source final : public stagger::prompt_source {
 public:
    explicit counting_source(std::size_t count) : count_(count) {}

    asio::awaitable<std::optional<stagger::batch_prompt>> read(stagger::error_code& error) override {
        error = {};
        if (next_ == fails_after) error = boost::system::errc::make_error_code(boost::system::errc::io_error);
        if (next_ == throws_after) throw boost::system::system_error(make_error_code(errc::malformed_answer));
        if (next_ == throws_other_after) throw std::runtime_error("row 3 cannot be parsed");
        if (error || next_ == count_) co_return std::nullopt;
        stagger::batch_prompt prompt;
        prompt.position = ++next_;
        prompt.custom_id = "id-" + std::to_string(next_);
        if (next_ == unreadable) {
            prompt.problem = "makes no sense";
        } else {
            prompt.request = stagger::completion_request(std::to_string(next_));
        }
        co_return prompt;
    }
    std::optional<std::size_t> remaining() const override { return count_ - next_; }

    std::size_t fails_after = std::size_t(-1);
    std::size_t throws_after = std::size_t(-1);
    std::size_t throws_other_after = std::size_t(-1);
    std::size_t unreadable = std::size_t(-1);

 private:
    std::size_t count_;
    std::size_t next_ = 0;
};

struct outcome {
    std::vector<stagger::batch_result> results;
    stagger::error_code error;
    bool ended = false;
};

asio::awaitable<void> collect(batch_results& results, outcome& seen) {
    for (;;) {
        auto [error, result] = co_await results.async_next(asio::as_tuple(asio::use_awaitable));
        seen.error = error;
        if (!result) break;
        seen.results.push_back(std::move(*result));
    }
    seen.ended = true;
}

struct fixture {
    asio::io_context context;
    fake_transport peer{context};

    batch_results start(std::unique_ptr<stagger::prompt_source> source, std::size_t window) {
        return start(std::move(source), stagger::batch_options().window(window));
    }
    batch_results start(std::unique_ptr<stagger::prompt_source> source,
                        const stagger::batch_options& options) {
        const auto made = std::make_shared<engine>(peer.make(4), std::move(source), options);
        made->start();
        return batch_results(made);
    }
    /// Until nothing can go on without the test; a batch that waits keeps the context from ending by itself.
    void run() {
        context.restart();
        context.poll();
    }
};

}  // namespace

TEST_CASE("every prompt of a long list ends exactly once, and never more than the window exist") {
    fixture all;
    all.peer.answer = [](const std::string& prompt) {
        return std::pair(stagger::error_code(), fake_transport::success(prompt));
    };
    auto results = all.start(std::make_unique<counting_source>(5000), 16);
    outcome seen;
    asio::co_spawn(all.context, collect(results, seen), asio::detached);
    all.run();
    CHECK(seen.ended);
    CHECK_FALSE(seen.error);
    std::set<std::string> ids;
    for (const auto& each : seen.results) {
        ids.insert(each.custom_id);
        CHECK(each.answer.text == "re: " + std::to_string(each.position));
    }
    CHECK(ids.size() == 5000);
    CHECK(seen.results.size() == 5000);
    CHECK(all.peer.most_waiting <= 16);
    CHECK(results.taken_up() == 5000);
    CHECK(all.peer.expected == 0);
}

TEST_CASE("without a window, twice what may be in flight is taken up") {
    fixture all;
    auto results = all.start(std::make_unique<counting_source>(100), 0);
    all.run();
    CHECK(all.peer.sent.size() == 8);
    CHECK(all.peer.expected == 92);
}

TEST_CASE("prompts of a kind that is refused as a whole take no places from the others, up to a bound") {
    fixture all;
    auto results = all.start(std::make_unique<counting_source>(1000), 0);
    outcome seen;
    asio::co_spawn(all.context, collect(results, seen), asio::detached);
    all.run();
    all.peer.set_aside = 3;
    all.peer.succeed(0);
    all.run();
    CHECK(all.peer.sent.size() == 11);
    all.peer.set_aside = 100000;
    all.peer.succeed(0);
    all.run();
    CHECK(all.peer.sent.size() == 168);
    // They are sent again: nothing new until there are as few as usual.
    all.peer.set_aside = 0;
    while (all.peer.sent.size() > 8) {
        all.peer.succeed(0);
        all.run();
    }
    CHECK(all.peer.requests == 170);
}

TEST_CASE("who has chosen a window keeps it, whatever is refused") {
    fixture all;
    auto results = all.start(std::make_unique<counting_source>(1000), 10);
    outcome seen;
    asio::co_spawn(all.context, collect(results, seen), asio::detached);
    all.run();
    all.peer.set_aside = 5;
    all.peer.succeed(0);
    all.run();
    CHECK(all.peer.sent.size() <= 10);
}

TEST_CASE("a consumer that does not ask stops the batch at the window") {
    fixture all;
    all.peer.answer = [](const std::string& prompt) {
        return std::pair(stagger::error_code(), fake_transport::success(prompt));
    };
    auto results = all.start(std::make_unique<counting_source>(1000), 10);
    all.run();
    CHECK(all.peer.requests == 10);
    outcome seen;
    asio::co_spawn(all.context, collect(results, seen), asio::detached);
    all.run();
    CHECK(seen.results.size() == 1000);
}

TEST_CASE("results come in the order in which they end") {
    fixture all;
    auto results = all.start(std::make_unique<counting_source>(3), 3);
    outcome seen;
    asio::co_spawn(all.context, collect(results, seen), asio::detached);
    all.run();
    REQUIRE(all.peer.sent.size() == 3);
    all.peer.succeed(2);
    all.run();
    all.peer.fail(0, errc::bad_request, "no");
    all.run();
    all.peer.succeed(0);
    all.run();
    REQUIRE(seen.results.size() == 3);
    CHECK(seen.results[0].custom_id == "id-3");
    CHECK(seen.results[1].custom_id == "id-1");
    CHECK(seen.results[1].error == errc::bad_request);
    CHECK(seen.results[1].answer.info.message == "no");
    CHECK(seen.results[2].custom_id == "id-2");
}

TEST_CASE("ordered: a slow first prompt holds the others back, and no more than the window of them") {
    fixture all;
    auto source = std::make_unique<counting_source>(1000);
    source->unreadable = 3;
    auto results = all.start(std::move(source), stagger::batch_options().ordered(20));
    outcome seen;
    asio::co_spawn(all.context, collect(results, seen), asio::detached);
    all.run();
    // At most twice what may be in flight is outstanding; everything but the first is answered.
    for (int round = 0; round < 10; ++round) {
        CHECK(all.peer.sent.size() <= 8);
        while (all.peer.sent.size() > 1) all.peer.succeed(1);
        all.run();
    }
    CHECK(seen.results.empty());
    CHECK(results.taken_up() == 20);
    CHECK(all.peer.sent.size() == 1);
    all.peer.succeed(0);
    all.run();
    CHECK(seen.results.size() == 20);
    all.peer.answer = [](const std::string& prompt) {
        return std::pair(stagger::error_code(), fake_transport::success(prompt));
    };
    while (!all.peer.sent.empty()) all.peer.succeed(all.peer.sent.size() - 1);
    all.run();
    CHECK(seen.ended);
    REQUIRE(seen.results.size() == 1000);
    for (std::size_t at = 0; at < 1000; ++at) CHECK(seen.results[at].position == at + 1);
    CHECK(seen.results[2].error == errc::invalid_request);
}

TEST_CASE("an unreadable prompt is a result and the rest goes on") {
    fixture all;
    all.peer.answer = [](const std::string& prompt) {
        return std::pair(stagger::error_code(), fake_transport::success(prompt));
    };
    auto source = std::make_unique<counting_source>(5);
    source->unreadable = 2;
    auto results = all.start(std::move(source), 2);
    outcome seen;
    asio::co_spawn(all.context, collect(results, seen), asio::detached);
    all.run();
    CHECK(seen.results.size() == 5);
    CHECK(all.peer.requests == 4);
    for (const auto& each : seen.results) {
        if (each.position != 2) continue;
        CHECK(each.error == errc::invalid_request);
        CHECK(each.answer.info.message == "makes no sense");
    }
}

TEST_CASE("errors: what the source could not read comes after the results of everything before") {
    for (const bool throws : {false, true}) {
        CAPTURE(throws);
        fixture all;
        auto source = std::make_unique<counting_source>(5);
        (throws ? source->throws_after : source->fails_after) = 3;
        auto results = all.start(std::move(source), 10);
        outcome seen;
        asio::co_spawn(all.context, collect(results, seen), asio::detached);
        all.run();
        REQUIRE(all.peer.sent.size() == 3);
        CHECK_FALSE(seen.ended);
        while (!all.peer.sent.empty()) all.peer.succeed(0);
        all.run();
        CHECK(seen.ended);
        CHECK(seen.results.size() == 3);
        CHECK(seen.error == (throws ? make_error_code(errc::malformed_answer)
                                    : boost::system::errc::make_error_code(boost::system::errc::io_error)));
    }
}

TEST_CASE("whatever a source throws ends the batch with that, after the results of everything before") {
    fixture all;
    auto source = std::make_unique<counting_source>(5);
    source->throws_other_after = 3;
    auto results = all.start(std::move(source), 10);
    CHECK(results.thrown() == nullptr);
    outcome seen;
    asio::co_spawn(all.context, collect(results, seen), asio::detached);
    CHECK_NOTHROW(all.run());
    while (!all.peer.sent.empty()) all.peer.succeed(0);
    all.run();
    CHECK(seen.ended);
    CHECK(seen.results.size() == 3);
    CHECK(seen.error == errc::callback_threw);
    REQUIRE(results.thrown() != nullptr);
    CHECK_THROWS_WITH_AS(std::rethrow_exception(results.thrown()), "row 3 cannot be parsed",
                         std::runtime_error);
}

TEST_CASE("drain takes up nothing more and awaits the rest") {
    fixture all;
    auto results = all.start(std::make_unique<counting_source>(100), 5);
    outcome seen;
    asio::co_spawn(all.context, collect(results, seen), asio::detached);
    all.run();
    results.drain();
    all.run();
    CHECK_FALSE(seen.ended);
    while (!all.peer.sent.empty()) all.peer.succeed(0);
    all.run();
    CHECK(seen.ended);
    CHECK_FALSE(seen.error);
    CHECK(seen.results.size() == 5);
    CHECK(all.peer.requests == 5);
}

TEST_CASE("cancel ends everything taken up with errc::cancelled") {
    fixture all;
    auto results = all.start(std::make_unique<counting_source>(100), 5);
    outcome seen;
    asio::co_spawn(all.context, collect(results, seen), asio::detached);
    all.run();
    results.cancel();
    all.run();
    CHECK(seen.ended);
    REQUIRE(seen.results.size() == 5);
    for (const auto& each : seen.results) CHECK(each.error == errc::cancelled);
    CHECK(all.peer.requests == 5);
}

TEST_CASE("destroying the results cancels what is outstanding") {
    fixture all;
    {
        auto results = all.start(std::make_unique<counting_source>(100), 5);
        all.run();
        CHECK(all.peer.sent.size() == 5);
    }
    all.run();
    CHECK(all.peer.sent.empty());
    CHECK(all.peer.requests == 5);
}

TEST_CASE("a context that ends before its batch takes everything with it") {
    std::weak_ptr<engine> alive;
    {
        fixture all;
        const auto made = std::make_shared<engine>(all.peer.make(4), std::make_unique<counting_source>(100),
                                                   stagger::batch_options().window(5));
        alive = made;
        made->start();
        auto consume = [](batch_results results) -> asio::awaitable<void> {
            outcome seen;
            co_await collect(results, seen);
        };
        asio::co_spawn(all.context, consume(batch_results(made)), asio::detached);
        all.context.poll();
        CHECK(all.peer.sent.size() == 5);
        all.peer.sent.clear();
    }
    CHECK(alive.expired());
}

TEST_CASE("cancellation of async_next loses no result") {
    fixture all;
    auto results = all.start(std::make_unique<counting_source>(1), 5);
    all.run();
    asio::cancellation_signal signal;
    for (const auto type : {asio::cancellation_type::terminal, asio::cancellation_type::partial,
                            asio::cancellation_type::total}) {
        std::optional<stagger::error_code> ended;
        auto handler = [&](stagger::error_code error, std::optional<stagger::batch_result> result) {
            ended = error;
            CHECK_FALSE(result);
        };
        results.async_next(asio::bind_cancellation_slot(signal.slot(), handler));
        all.run();
        CHECK_FALSE(ended);
        signal.emit(type);
        all.run();
        CHECK(ended == make_error_code(errc::cancelled));
    }
    all.peer.succeed(0);
    outcome seen;
    asio::co_spawn(all.context, collect(results, seen), asio::detached);
    all.run();
    CHECK(seen.results.size() == 1);
}

TEST_CASE("a second async_next beside an outstanding one is refused") {
    fixture all;
    auto results = all.start(std::make_unique<counting_source>(1), 5);
    bool first = false;
    stagger::error_code second;
    results.async_next([&](stagger::error_code error, std::optional<stagger::batch_result> result) {
        first = !error && result;
    });
    results.async_next(
        [&](stagger::error_code error, std::optional<stagger::batch_result>) { second = error; });
    all.run();
    CHECK(second == errc::invalid_request);
    all.peer.succeed(0);
    all.run();
    CHECK(first);
}

TEST_CASE("async_next never completes inline") {
    fixture all;
    auto results = all.start(std::make_unique<counting_source>(0), 5);
    all.run();
    bool called = false;
    auto ask = [&] {
        results.async_next([&](stagger::error_code, std::optional<stagger::batch_result>) { called = true; });
        CHECK_FALSE(called);
    };
    asio::post(all.context, ask);
    all.run();
    CHECK(called);
}

TEST_CASE("lists name their prompts, by request id or by place") {
    asio::io_context context;
    std::vector<stagger::completion_request> requests{stagger::completion_request("a"),
                                                      stagger::completion_request("b")};
    requests[1].request_id("mine");
    const auto source = stagger::prompts_from(std::move(requests));
    CHECK(source->remaining() == 2);
    std::vector<std::string> ids;
    auto read = [&]() -> asio::awaitable<void> {
        stagger::error_code error;
        while (auto prompt = co_await source->read(error)) ids.push_back(prompt->custom_id);
        CHECK_FALSE(error);
    };
    asio::co_spawn(context, read(), asio::detached);
    context.run();
    CHECK(ids == std::vector<std::string>{"prompt-1", "mine"});
    CHECK(source->remaining() == 0);
}
