#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "provider/model.hpp"
#include "scenarios.hpp"
#include "sim/event_queue.hpp"
#include "stagger/coordinator.hpp"
#include "stagger/random.hpp"

using namespace scenarios;
using stagger::action;
using stagger::coordinator;
using stagger::duration;
using stagger::time_point;
using stagger::to_seconds;

namespace {

constexpr time_point start{};
constexpr double tokens_per_s = 1000;
constexpr duration round_trip = 50ms;

/// What the server counts of one prompt; a client knows the length of its text only.
struct prompt {
    double tokens = 200;
    double answer = 16;
};

struct job {
    std::vector<prompt> prompts;
    double bytes_per_token = 4;
    duration per_answer_token = 0ms;     ///< beside two seconds for each answer
    double burst_s = 1;                  ///< what the server's bucket holds
    bool charged_when_answered = false;  ///< and admitted while the bucket is not empty
};

struct outcome {
    double share = 0;        ///< of what the limit allows, in prompts that were admitted until the last was
    double share_later = 0;  ///< the same from the second minute on
    double took_s = 0;
    unsigned refused = 0;
    double most_in_a_minute = 0;  ///< of any, in answers that were charged when they were there
};

/// A batch that is told the limit and nothing of its answers, against a server that counts what they have.
class batch_in_virtual_time {
 public:
    explicit batch_in_virtual_time(const job& what) : job_(what), model_(described(what), 1, start) {}

    outcome run() {
        look();
        while (!events_.empty()) {
            const auto next = events_.take();
            now_ = next.at;
            next.what();
            look();
        }
        return sum_up();
    }

 private:
    static constexpr std::size_t taken_up_at_once = 512;

    static provider::provider_description described(const job& what) {
        provider::provider_description server;
        server.latency = {provider::distribution::constant, 2s, 0};
        if (!what.charged_when_answered) {
            server.limits = {token_bucket(tokens_per_s, tokens_per_s * what.burst_s, provider::unit::tokens)};
        }
        return server;
    }

    stagger::cost expected(const prompt& one) const {
        stagger::cost asked;
        asked.prompt_tokens = one.tokens * job_.bytes_per_token / 4;
        asked.open_answers = 1;
        return asked;
    }

    void look() {
        for (; taken_up_ < job_.prompts.size() && taken_up_ - ended_ < taken_up_at_once; ++taken_up_) {
            waiting_.emplace(core_.submit(now_, expected(job_.prompts[taken_up_])), taken_up_);
        }
        while (true) {
            const action todo = core_.next(now_);
            if (todo.what != action::kind::admit) {
                if (todo.what == action::kind::wait && todo.at < armed_) {
                    armed_ = todo.at;
                    events_.schedule(todo.at, [this] { armed_ = stagger::never; });
                }
                return;
            }
            const std::size_t which = waiting_.extract(todo.task).mapped();
            events_.schedule(now_ + round_trip / 2, [=, this] { arrive(which, todo.permit); });
        }
    }

    void arrive(std::size_t which, stagger::permit_id permit) {
        const prompt& one = job_.prompts[which];
        if (!admits(one)) {
            ++result_.refused;
            events_.schedule(now_ + round_trip / 2, [=, this] {
                core_.throttled(now_, permit, {});
                waiting_.emplace(core_.resubmit(now_, expected(job_.prompts[which]), stagger::never, now_,
                                                stagger::retry_cause::throttled),
                                 which);
            });
            return;
        }
        const duration answering =
            2s + duration(std::llround(one.answer * double(job_.per_answer_token.count())));
        admitted_.push_back({to_seconds(now_ - start), one.tokens + one.answer});
        if (!job_.charged_when_answered) charge(one);
        events_.schedule(now_ + answering + round_trip / 2, [=, this] {
            if (job_.charged_when_answered) charge(job_.prompts[which]);
            core_.accepted(
                now_, permit, {},
                {std::llround(job_.prompts[which].tokens), std::llround(job_.prompts[which].answer)});
            ++ended_;
        });
    }

    bool admits(const prompt& one) {
        if (job_.charged_when_answered) return left(now_) > 0;
        return model_.arrive(now_, "key", one.tokens + one.answer).what == provider::decision::kind::admit;
    }

    /// Of the bucket that is charged when an answer is there.
    double left(time_point now) {
        const double refilled = tokens_per_s * to_seconds(now - std::exchange(refilled_, now));
        return left_ = std::min(left_ + refilled, tokens_per_s * job_.burst_s);
    }

    void charge(const prompt& one) {
        left_ = left(now_) - one.tokens - one.answer;
        charged_.push_back({to_seconds(now_ - start), one.tokens + one.answer});
    }

    outcome sum_up() {
        result_.took_s = admitted_.back().at_s;
        double all = 0;
        double later = 0;
        for (const auto& [at_s, tokens] : admitted_) {
            all += tokens;
            if (at_s >= 60) later += tokens;
        }
        double in_a_minute = 0;
        std::size_t from = 0;
        for (const auto& [at_s, tokens] : charged_) {
            in_a_minute += tokens;
            for (; charged_[from].at_s <= at_s - 60; ++from) in_a_minute -= charged_[from].tokens;
            result_.most_in_a_minute = std::max(result_.most_in_a_minute, in_a_minute);
        }
        result_.share = all / (tokens_per_s * result_.took_s);
        result_.share_later = later / (tokens_per_s * (result_.took_s - 60));
        return result_;
    }

    struct expense {
        double at_s;
        double tokens;
    };

    const job& job_;
    provider::model model_;
    coordinator core_{stagger::coordinator_options().tokens_per_minute(60 * tokens_per_s), 1};
    stagger::sim::event_queue<std::function<void()>> events_;
    std::unordered_map<stagger::task_id, std::size_t> waiting_;
    std::vector<expense> admitted_;
    std::vector<expense> charged_;
    double left_ = tokens_per_s * job_.burst_s;
    time_point refilled_ = start;
    time_point now_ = start;
    time_point armed_ = stagger::never;
    std::size_t taken_up_ = 0;
    std::size_t ended_ = 0;
    outcome result_;
};

outcome run(const job& what) {
    const outcome got = batch_in_virtual_time(what).run();
    MESSAGE("share " << got.share << ", from the second minute on " << got.share_later << ", refused "
                     << got.refused << ", most in a minute " << got.most_in_a_minute << ", took "
                     << got.took_s << " s");
    return got;
}

/// Answers whose length nobody knows beforehand, as varied as those of chats.
std::vector<prompt> varied(std::size_t count, double median_answer, double sigma) {
    stagger::random_source random(7);
    std::vector<prompt> prompts(count);
    for (prompt& each : prompts) {
        const double angle = 2 * std::acos(-1.0) * random.uniform(0, 1);
        const double normal = std::sqrt(-2 * std::log(random.uniform(1e-12, 1))) * std::cos(angle);
        each.answer = std::round(median_answer * std::exp(sigma * normal));
        each.tokens = std::round(random.uniform(20, 400));
    }
    return prompts;
}

}  // namespace

TEST_CASE("a told limit on tokens is used up by answers of which nothing is known beforehand") {
    job short_answers;
    short_answers.prompts.assign(900, {200, 16});
    const outcome got = run(short_answers);
    CHECK(got.took_s > 180);
    CHECK(got.share >= 0.85);
    CHECK(got.share_later >= 0.95);
    CHECK(got.refused <= 9);
}

TEST_CASE("a told limit on tokens: answers of every length, slower the longer they are") {
    job long_answers;
    long_answers.prompts = varied(1200, 150, 0.8);
    long_answers.per_answer_token = 20ms;
    long_answers.burst_s = 5;
    const outcome got = run(long_answers);
    CHECK(got.took_s > 180);
    CHECK(got.share >= 0.85);
    CHECK(got.share_later >= 0.95);
    CHECK(got.refused <= 12);
}

TEST_CASE("a told limit on tokens: a server that charges what was made keeps every minute within it") {
    job made;
    made.prompts = varied(1200, 150, 0.8);
    made.per_answer_token = 20ms;
    made.burst_s = 5;
    made.charged_when_answered = true;
    const outcome got = run(made);
    CHECK(got.share >= 0.85);
    CHECK(got.share_later >= 0.95);
    // Nobody knows beforehand in which minute the longest end.
    CHECK(got.most_in_a_minute <= 60 * tokens_per_s * 1.1);
}

TEST_CASE("a told limit on tokens: answers that take seconds of it each") {
    job large;
    large.prompts = varied(300, 1500, 0.8);
    large.per_answer_token = 10ms;
    large.burst_s = 20;
    large.charged_when_answered = true;
    const outcome got = run(large);
    // Until the first of them are there they are taken for usual ones, and the first minute gets too many.
    CHECK(got.share >= 0.7);
    CHECK(got.refused <= 9);
}

TEST_CASE("a told limit on tokens: prompts of which the length in bytes says something else") {
    job dense;
    dense.prompts.assign(900, {200, 16});
    dense.bytes_per_token = 1.5;  // far fewer tokens expected than there are
    const outcome few = run(dense);
    CHECK(few.share_later >= 0.95);
    CHECK(few.refused <= 9);
    dense.bytes_per_token = 12;
    const outcome many = run(dense);
    CHECK(many.share >= 0.85);
    CHECK(many.share_later >= 0.95);
    CHECK(many.refused <= 9);
}
