#include <doctest/doctest.h>

#include "pacing/measured/charge_unit_learner.hpp"
#include "sends.hpp"
#include "stagger/random.hpp"

using namespace sends;
using stagger::charge_unit;
using stagger::charge_unit_learner;
using stagger::cost;
using stagger::random_source;
using stagger::seconds;

namespace {

/// Runs between rejections in front of a limit that lets 100 requests, or their 30,000 tokens, through each
/// second.
class limited_sends {
 public:
    explicit limited_sends(charge_unit limit) : limit_(limit) {}

    /// @return the unit the learner changes to in so many runs
    std::optional<charge_unit> runs(int count, charge_unit_learner& learner, charge_unit current) {
        for (int each = 0; each < count; ++each) {
            double charged = 0;
            while (charged < 50) {
                const cost one{1, random_.uniform(100, 500)};
                charged += limit_.of(one);
                log_.settle(log_.add(now_, one, 100, 1, true), outcome::accepted, now_);
            }
            now_ = stagger::after(now_, seconds(charged / 100));
            const departure rejected = log_.add(now_, {1, 300}, 100, 1, true);
            log_.note_rejection(rejected, true);
            std::optional<charge_unit> found;
            if (onset_) found = learner.note_run(log_, *onset_, rejected, current);
            onset_ = rejected;
            if (found) return found;
        }
        return std::nullopt;
    }

 private:
    charge_unit limit_;
    random_source random_{7};
    send_log log_;
    time_point now_ = start;
    std::optional<departure> onset_;
};

}  // namespace

TEST_CASE("a request charges its tokens over the usual ones where tokens are limited") {
    const cost one{2, 600};
    CHECK(charge_unit::requests().of(one) == 2);
    CHECK(charge_unit::tokens(300).of(one) == 2);
    CHECK(charge_unit::tokens(1200).of(one) == 0.5);
    stagger::hints said;
    said.requests.remaining = 7;
    said.tokens.limit = 3000;
    said.tokens.remaining = 600;
    CHECK(charge_unit::requests().of(said).remaining == 7);
    CHECK(charge_unit::tokens(300).of(said).remaining == 2);
    CHECK(charge_unit::tokens(300).of(said).limit == 10);
}

TEST_CASE("what was sent before can be counted anew") {
    send_log log;
    const departure from = log.add(start, {1, 100}, 10, 1, true);
    log.add(start, {1, 700}, 10, 1, true);
    const departure to = log.add(start, {1, 100}, 10, 1, true);
    CHECK(log.admitted_between(from, to) == 1);
    log.count_in(charge_unit::tokens(350));
    CHECK(log.admitted_between(from, to) == 2);
    CHECK(log.admitted_since(from) == doctest::Approx(800.0 / 350));
}

TEST_CASE("a limit on tokens is noticed within a few runs") {
    limited_sends server(charge_unit::tokens(300));
    charge_unit_learner learner;
    const auto found = server.runs(9, learner, charge_unit::requests());
    REQUIRE(found);
    REQUIRE(found->is_tokens());
    CHECK(found->of(cost{1, 300}) == doctest::Approx(1).epsilon(0.1));
}

TEST_CASE("a limit on requests stays one, whatever they weigh") {
    limited_sends server(charge_unit::requests());
    charge_unit_learner learner;
    CHECK_FALSE(server.runs(200, learner, charge_unit::requests()));
}

TEST_CASE("a wrong belief in tokens is given up") {
    limited_sends server(charge_unit::requests());
    charge_unit_learner learner;
    const auto found = server.runs(9, learner, charge_unit::tokens(300));
    REQUIRE(found);
    CHECK_FALSE(found->is_tokens());
}

TEST_CASE("what was noted of another limit is forgotten") {
    limited_sends server(charge_unit::tokens(300));
    charge_unit_learner learner;
    for (int each = 0; each < 20; ++each) {
        CHECK_FALSE(server.runs(3, learner, charge_unit::requests()));
        learner.forget();
    }
}
