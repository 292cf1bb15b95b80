#include "batch/runner.hpp"

#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <set>

#include "batch/batch_line.hpp"
#include "batch/result_file.hpp"
#include "support/temporary_folder.hpp"
#include "unit/batch/fake_transport.hpp"

namespace asio = boost::asio;
namespace batch = stagger::batch;
using batch::run_end;
using stagger::errc;

namespace {

struct fixture {
    temporary_folder folder;
    asio::io_context context;
    fake_transport peer{context};
    std::shared_ptr<batch::runner> runner;
    std::optional<batch::run_report> report;
    std::vector<std::string> told;

    batch::result_file_options options;
    batch::run_limits limits;
    stagger::batch_options order;

    void start(const std::string& prompts, const std::string& output, const std::string& secret = {}) {
        report.reset();
        told.clear();
        stagger::error_code error;
        std::string problem;
        auto source = stagger::prompts_from_file(context.get_executor(), folder.write("prompts", prompts),
                                                 stagger::prompt_file_format::automatic,
                                                 stagger::dialect::openai_chat, error);
        REQUIRE_FALSE(error);
        auto results = batch::result_file::open(context.get_executor(), output, options, problem);
        REQUIRE_MESSAGE(results, problem);
        if (options.mode == batch::if_results_exist::retry_failed) REQUIRE(results->take_out_failed(problem));
        runner = std::make_shared<batch::runner>(peer.make(4), std::move(source), std::move(results), secret);
        runner->limits(limits);
        runner->options(order);
        runner->on_result([this](const stagger::batch_result& result) { told.push_back(result.custom_id); });
        auto done = [this](std::exception_ptr failed, batch::run_report made) {
            if (failed) std::rethrow_exception(failed);
            report = std::move(made);
        };
        asio::co_spawn(context, runner->run(), done);
        poll();
    }
    void start(const std::string& prompts) { start(prompts, folder.path("out")); }

    /// The first that is outstanding.
    void fails(stagger::error_code error, const std::string& message) {
        stagger::diagnostic info;
        info.last_error = error;
        info.message = message;
        runner->attempt_ended(info);
        peer.fail(0, error, message);
        poll();
    }

    void poll() {
        context.restart();
        context.poll();
    }

    /// The ids in the results file, answered ones with a plus sign.
    std::multiset<std::string> recorded() const {
        std::multiset<std::string> ids;
        std::istringstream lines(folder.read("out"));
        for (std::string text; std::getline(lines, text);) {
            const auto result = stagger::wire::parse_result_line(text);
            REQUIRE(result);
            ids.insert((result->succeeded ? "+" : "-") + result->custom_id);
        }
        return ids;
    }
};

using ids = std::multiset<std::string>;

std::string one_prompt_a_line(std::size_t count) {
    std::string text;
    for (std::size_t number = 0; number < count; ++number) text += "p\n";
    return text;
}

stagger::diagnostic attempt(stagger::error_code error, const std::string& message) {
    stagger::diagnostic info;
    info.last_error = error;
    info.message = message;
    return info;
}

}  // namespace

TEST_CASE("every prompt becomes a line, and the counts say how it went") {
    fixture all;
    all.peer.answer = [](const std::string& prompt) {
        auto answer = fake_transport::success(prompt);
        answer.info.attempts = 3;
        answer.info.rejections = 2;
        answer.info.queued = std::chrono::seconds(2);
        answer.usage.completion_tokens = 7;
        answer.empty = prompt == "b";
        stagger::error_code error;
        if (prompt == "bad") {
            answer = {};
            answer.info.attempts = 1;
            error = errc::bad_request;
        }
        return std::pair(error, answer);
    };
    all.start("a\nbad\nb\n");
    REQUIRE(all.report);
    CHECK(all.report->end == run_end::finished);
    CHECK(all.report->left == 0);
    const auto& counts = all.report->counts;
    CHECK(counts.succeeded == 2);
    CHECK(counts.failed == 1);
    CHECK(counts.attempts == 7);
    CHECK(counts.rejected == 4);
    CHECK(counts.waiting == std::chrono::seconds(4));
    CHECK(counts.completion_tokens == 14);
    CHECK(counts.empty == 1);
    CHECK(counts.failures.size() == 1);
    CHECK(all.recorded() == ids{"+line-1", "-line-2", "+line-3"});
    CHECK(all.told.size() == 3);
}

TEST_CASE("the same again skips what has a result, and asks again for what failed where it is told to") {
    fixture all;
    bool down = true;
    all.peer.answer = [&](const std::string& prompt) {
        const bool fails = down && prompt == "b";
        return std::pair(fails ? make_error_code(errc::server_error) : stagger::error_code(),
                         fake_transport::success(prompt));
    };
    all.start("a\nb\nc\n");
    CHECK(all.recorded() == ids{"+line-1", "-line-2", "+line-3"});
    down = false;
    all.peer.requests = 0;
    all.runner.reset();
    all.start("a\nb\nc\n");
    CHECK(all.peer.requests == 0);
    CHECK(all.report->counts.skipped == 3);
    all.runner.reset();
    all.options.mode = batch::if_results_exist::retry_failed;
    all.start("a\nb\nc\n");
    CHECK(all.peer.requests == 1);
    CHECK(all.report->counts.skipped == 2);
    CHECK(all.recorded() == ids{"+line-1", "+line-2", "+line-3"});
}

TEST_CASE("answered lines that say something else now end the run before much is asked") {
    fixture all;
    all.peer.answer = [](const std::string& prompt) {
        return std::pair(stagger::error_code(), fake_transport::success(prompt));
    };
    std::string list;
    for (int number = 0; number < 5000; ++number) list += "q\n";
    all.start(list);
    REQUIRE(all.report);
    for (const auto& changed : {"x" + list.substr(1), list.substr(2)}) {
        all.peer.requests = 0;
        all.runner.reset();
        all.start(changed + "more\n");
        REQUIRE(all.report);
        CHECK(all.report->end == run_end::input_failed);
        CHECK(all.report->problem == "lines that are answered already say something else now");
        CHECK(all.peer.requests <= 1);
    }
}

TEST_CASE("a malformed line is a failed result and the rest is done") {
    fixture all;
    all.peer.answer = [](const std::string& prompt) {
        return std::pair(stagger::error_code(), fake_transport::success(prompt));
    };
    all.start("{\"prompt\":\"a\",\"id\":\"x\"}\n{\"prompt\":\n{\"prompt\":\"b\",\"id\":\"z\"}\n");
    CHECK(all.report->counts.failed == 1);
    CHECK(all.recorded() == ids{"+x", "-line-2", "+z"});
}

TEST_CASE("draining awaits what is in flight, gives up what waits, and says what is left") {
    fixture all;
    all.peer.in_flight = 2;
    all.start("a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\n");
    CHECK(all.peer.sent.size() == 8);
    all.peer.succeed(0);
    all.poll();
    CHECK(all.runner->left() == 11);
    all.runner->drain();
    all.poll();
    CHECK(all.peer.stopped);
    CHECK_FALSE(all.peer.closed);
    CHECK_FALSE(all.report);
    CHECK(all.peer.sent.size() == 2);
    all.peer.succeed(0);
    all.peer.succeed(0);
    all.poll();
    REQUIRE(all.report);
    CHECK(all.report->end == run_end::interrupted);
    CHECK(all.report->left == 9);
    CHECK(all.recorded() == ids{"+line-1", "+line-2", "+line-3"});
}

TEST_CASE("an interruption when everything is done is none") {
    fixture all;
    all.peer.in_flight = 1;
    all.start("a\n");
    all.runner->drain();
    all.poll();
    all.peer.succeed(0);
    all.poll();
    REQUIRE(all.report);
    CHECK(all.report->end == run_end::finished);
    CHECK(all.report->left == 0);
}

TEST_CASE("stopping gives up what is in flight, too") {
    fixture all;
    all.peer.in_flight = 2;
    all.start("a\nb\nc\n");
    all.runner->drain();
    all.runner->stop();
    all.poll();
    REQUIRE(all.report);
    CHECK(all.peer.closed);
    CHECK(all.report->end == run_end::interrupted);
    CHECK(all.report->left == 3);
    CHECK(all.recorded().empty());
}

TEST_CASE("where only a refused key was answered the run says so, without results that only repeat it") {
    fixture all;
    all.start("a\nb\nc\n", all.folder.path("out"), "sk-0123456789");
    for (int each = 0; each < 3; ++each) all.fails(errc::unauthorized, "wrong key sk-0123456789");
    REQUIRE(all.report);
    CHECK(all.report->end == run_end::endpoint_unusable);
    CHECK(all.report->unusable == make_error_code(errc::unauthorized));
    CHECK(all.report->problem == "API key was not accepted: wrong key [key]");
    CHECK(all.report->left == 3);
    CHECK(all.recorded().empty());
}

TEST_CASE(
    "a few failures in a row that may be the endpoint's hold everything, and have no results until then") {
    fixture all;
    all.start(one_prompt_a_line(batch::usability_watch::few + 2));
    all.runner->attempt_ended(attempt({}, ""));
    all.peer.succeed(0);
    for (unsigned each = 0; each < batch::usability_watch::few; ++each) {
        CHECK(all.peer.orders.empty());
        all.fails(errc::quota_exhausted, "nothing is left");
    }
    CHECK(all.peer.orders == std::vector<std::string>{"hold 0"});
    CHECK(all.recorded() == ids{"+line-1"});
    REQUIRE_FALSE(all.report);
    // The last one has gone before; nobody is left to ask.
    all.fails(errc::quota_exhausted, "nothing is left");
    REQUIRE(all.report);
    CHECK(all.report->end == run_end::endpoint_unusable);
    CHECK(all.report->problem == "account's quota is used up: nothing is left");
    CHECK(all.report->left == batch::usability_watch::few + 1);
    CHECK(all.recorded() == ids{"+line-1"});
}

TEST_CASE("a failure that turns out to be its prompt's own is recorded when the next one is answered") {
    for (const std::size_t ordered : {0U, 10U}) {
        fixture all;
        all.order.ordered(ordered);
        all.start("a\nb\nc\n");
        all.fails(errc::not_found, "no such thing");
        CHECK(all.recorded().empty());
        all.runner->attempt_ended(attempt({}, ""));
        all.peer.succeed(0);
        all.poll();
        CHECK(all.recorded() == ids{"-line-1", "+line-2"});
        all.peer.succeed(0);
        all.poll();
        REQUIRE(all.report);
        CHECK(all.report->end == run_end::finished);
        CHECK(all.report->counts.failed == 1);
        if (ordered > 0) CHECK(all.told == std::vector<std::string>{"line-1", "line-2", "line-3"});
    }
}

TEST_CASE("a key that a server repeats in an error does not get into the results") {
    fixture all;
    all.start("a\n", all.folder.path("out"), "sk-0123456789");
    all.peer.fail(0, errc::bad_request, "you sent sk-0123456789, and sk-0123456789 again");
    all.poll();
    CHECK(all.folder.read("out").find("sk-0123456789") == std::string::npos);
    CHECK(all.folder.read("out").find("[key]") != std::string::npos);
}

TEST_CASE("a full disk stops the run and says what is kept") {
    fixture all;
    all.start("a\nb\nc\n", "/dev/full");
    all.peer.succeed(0);
    all.poll();
    REQUIRE(all.report);
    CHECK(all.report->end == run_end::output_failed);
    CHECK(all.report->problem == "No space left on device");
    CHECK(all.report->counts.recorded() == 0);
    CHECK(all.report->left == 3);
    CHECK(all.peer.closed);
}

TEST_CASE("more failures than are allowed end the run, and what is in flight is awaited") {
    fixture all;
    all.limits.most_failures = 1;
    all.peer.in_flight = 4;
    all.start("a\nb\nc\nd\ne\nf\ng\nh\ni\n");
    all.peer.fail(0, errc::bad_request);
    all.poll();
    CHECK_FALSE(all.peer.stopped);
    all.peer.fail(0, errc::bad_request);
    all.poll();
    CHECK(all.peer.stopped);
    CHECK_FALSE(all.peer.closed);
    CHECK_FALSE(all.report);
    while (!all.peer.sent.empty()) all.peer.succeed(0);
    all.poll();
    REQUIRE(all.report);
    CHECK(all.report->end == run_end::too_many_failures);
    CHECK(all.report->problem == "2 results are failures");
    CHECK(all.report->counts.succeeded == 4);
    CHECK(all.report->left == 3);
}

TEST_CASE("a share of failures counts once there are enough results") {
    fixture all;
    all.limits.most_failures_share = 0.05;
    std::string list;
    for (int number = 1; number <= 300; ++number) list += std::to_string(number) + "\n";
    all.peer.answer = [](const std::string& prompt) {
        const bool bad = prompt.size() < 3 && prompt.ends_with('7');  // ten of the first hundred
        return std::pair(bad ? make_error_code(errc::bad_request) : stagger::error_code(),
                         fake_transport::success(prompt));
    };
    all.start(list);
    REQUIRE(all.report);
    CHECK(all.report->end == run_end::too_many_failures);
    CHECK(all.report->counts.recorded() >= 100);
    CHECK(all.report->left > 100);
}

TEST_CASE(
    "a server that admits nothing for longer than the run may wait ends it, with what is in flight awaited") {
    fixture all;
    all.limits.longest_wait = std::chrono::minutes(30);
    all.peer.in_flight = 1;
    const auto opens_at = std::chrono::steady_clock::now() + std::chrono::hours(2);
    all.start("a\nb\nc\n");
    all.peer.status.waiting = 2;
    all.peer.status.opens_at = opens_at;
    all.runner->attempt_ended(attempt(errc::rate_limited, "come back tomorrow"));
    // The check that is due next.
    all.context.restart();
    while (!all.peer.stopped && all.context.run_one() != 0) continue;
    CHECK_FALSE(all.report);
    CHECK(all.runner->stopping());
    all.peer.succeed(0);
    all.context.restart();
    while (!all.report && all.context.run_one() != 0) continue;
    REQUIRE(all.report);
    CHECK(all.report->end == run_end::nothing_admitted);
    CHECK(all.report->opens_at == opens_at);
    CHECK(all.report->problem == "come back tomorrow");
    CHECK(all.report->left == 2);
    CHECK(all.recorded() == ids{"+line-1"});

    // The same list again goes on where that one stopped.
    all.runner.reset();
    all.poll();
    all.peer.stopped = false;
    all.peer.status = {};
    all.peer.in_flight = 0;
    all.start("a\nb\nc\n");
    all.peer.succeed(0);
    all.poll();
    all.peer.succeed(0);
    all.poll();
    REQUIRE(all.report);
    CHECK(all.report->end == run_end::finished);
    CHECK(all.recorded() == ids{"+line-1", "+line-2", "+line-3"});
}

TEST_CASE("a deadline of the whole run ends it like an interruption") {
    fixture all;
    all.limits.deadline = std::chrono::nanoseconds(1);
    all.peer.in_flight = 1;
    all.start("a\nb\nc\n");
    while (!all.peer.stopped) all.context.run_one();
    all.peer.succeed(0);
    all.poll();
    REQUIRE(all.report);
    CHECK(all.report->end == run_end::deadline_passed);
    CHECK(all.report->left == 2);
}

TEST_CASE("results in the order of the prompts") {
    fixture all;
    all.order.ordered(100);
    all.start("a\nb\nc\nd\n");
    REQUIRE(all.peer.sent.size() == 4);
    while (!all.peer.sent.empty()) {
        all.peer.succeed(all.peer.sent.size() - 1);
        all.poll();
    }
    REQUIRE(all.report);
    CHECK(all.told == std::vector<std::string>{"line-1", "line-2", "line-3", "line-4"});
}
