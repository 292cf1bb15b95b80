#include <doctest/doctest.h>

#include "provider/token_cost.hpp"
#include "unit/provider/script.hpp"

using namespace stagger;
using namespace stagger::test;
using provider::counted_tokens;
using provider::token_cost;
using provider::unit;
using kind = provider::decision::kind;

namespace {

/// 100 of the prompt, 50 that the answer may have, 20 that it has.
constexpr token_cost ordinary{100, 50, 20};

provider::token_bucket tokens_in_bucket(double burst, counted_tokens counted) {
    return {unit::tokens, 0.001, burst, counted};
}

class counting_script {
 public:
    explicit counting_script(provider::limit limit) : script_(described(std::move(limit))) {}

    provider::decision arrive(duration when, const token_cost& tokens = ordinary) {
        return script_.model().arrive(at(when), {.caller = "a", .tokens = tokens});
    }
    void depart(duration when, const provider::decision& served) { script_.depart(when, served.id); }
    provider::model& model() { return script_.model(); }

 private:
    static provider::provider_description described(provider::limit limit) {
        auto description = limited_by({std::move(limit)});
        description.hints.headers = provider::header_hint::openai;
        return description;
    }

    script script_;
};

/// What a limit on 1000 tokens has left once one ordinary request has arrived, and once it has departed.
struct left {
    double meanwhile = 0;
    double afterwards = 0;
    friend bool operator==(const left&, const left&) = default;
};

left left_of(provider::limit limit) {
    counting_script server(std::move(limit));
    const auto served = server.arrive(0s);
    REQUIRE(served.what == kind::admit);
    const double meanwhile = served.headers.at(0).remaining;
    server.depart(1s, served);
    const auto next = server.arrive(1s, {1, 0, 0});
    REQUIRE(next.what == kind::admit);
    return {meanwhile, next.headers.at(0).remaining};
}

}  // namespace

TEST_CASE("what is charged on arrival and what in the end") {
    using provider::in_the_end;
    using provider::on_arrival;
    CHECK(on_arrival(counted_tokens::reserved, ordinary) == 150);
    CHECK(in_the_end(counted_tokens::reserved, ordinary) == 150);
    CHECK(on_arrival(counted_tokens::settled, ordinary) == 150);
    CHECK(in_the_end(counted_tokens::settled, ordinary) == 120);
    CHECK(on_arrival(counted_tokens::made, ordinary) == 100);
    CHECK(in_the_end(counted_tokens::made, ordinary) == 120);
    CHECK(on_arrival(counted_tokens::input, ordinary) == 100);
    CHECK(in_the_end(counted_tokens::input, ordinary) == 100);
    CHECK(on_arrival(counted_tokens::output, ordinary) == 0);
    CHECK(in_the_end(counted_tokens::output, ordinary) == 20);
    CHECK(on_arrival(counted_tokens::input, {0, 0, 0}) == 1);
}

TEST_CASE("every kind of limit counts tokens as it is told to") {
    const auto check = [](const auto& limit_of) {
        CHECK(left_of(limit_of(counted_tokens::reserved)) == left{850, 849});
        CHECK(left_of(limit_of(counted_tokens::settled)) == left{850, 879});
        CHECK(left_of(limit_of(counted_tokens::made)) == left{900, 879});
        CHECK(left_of(limit_of(counted_tokens::input)) == left{900, 899});
        CHECK(left_of(limit_of(counted_tokens::output)) == left{1000, 980});
    };
    check([](counted_tokens counted) { return provider::limit(tokens_in_bucket(1000, counted)); });
    check([](counted_tokens counted) {
        return provider::limit(provider::fixed_window{unit::tokens, 1000, 100s, 0s, counted});
    });
    check([](counted_tokens counted) {
        return provider::limit(provider::sliding_window{unit::tokens, 1000, 100s, counted});
    });
}

TEST_CASE("a limit on requests counts requests, whatever is made") {
    counting_script server(bucket(0.001, 2));
    CHECK_FALSE(server.model().departures_matter());
    CHECK(server.arrive(0s).what == kind::admit);
    CHECK(server.arrive(0s).what == kind::admit);
    CHECK(server.arrive(0s).what == kind::reject);
}

TEST_CASE("what answers make may overdraw a limit, which then admits nothing until that is made up for") {
    counting_script server(provider::token_bucket{unit::tokens, 10, 100, counted_tokens::output});
    const auto served = server.arrive(0s, {1, 0, 150});
    server.depart(1s, served);  // one answer takes at most a whole bucket: as a request does
    CHECK(server.arrive(1s, {1, 0, 50}).what == kind::admit);
    const auto second = server.arrive(1s, {1, 0, 50});
    CHECK(second.what == kind::admit);  // nothing is left, but no more than all is used
    server.depart(1s, second);
    CHECK(server.arrive(2s).what == kind::reject);
    CHECK(server.model().earliest_admission(at(2s), {.caller = "a", .tokens = ordinary}) == at(6s));
    CHECK(server.arrive(6s).what == kind::admit);
}

TEST_CASE("a fixed window gives back only what was reserved in it, and takes what was made when it is made") {
    counting_script settled(provider::fixed_window{unit::tokens, 1000, 10s, 0s, counted_tokens::settled});
    const auto early = settled.arrive(0s);
    const auto late = settled.arrive(11s);
    CHECK(late.headers.at(0).remaining == 850);
    settled.depart(12s, early);
    CHECK(settled.arrive(12s, {1, 0, 0}).headers.at(0).remaining == 849);
    counting_script made(provider::fixed_window{unit::tokens, 1000, 10s, 0s, counted_tokens::made});
    const auto served = made.arrive(0s);
    made.depart(12s, served);
    CHECK(made.arrive(12s, {1, 0, 0}).headers.at(0).remaining == 979);
}

TEST_CASE(
    "a sliding window forgets what a request reserved when its arrival leaves the window, and what it "
    "made later") {
    counting_script made(provider::sliding_window{unit::tokens, 1000, 10s, counted_tokens::made});
    const auto served = made.arrive(0s);
    made.depart(5s, served);
    CHECK(made.arrive(9s, {1, 0, 0}).headers.at(0).remaining == 879);
    CHECK(made.arrive(11s, {1, 0, 0}).headers.at(0).remaining == 978);
    CHECK(made.arrive(16s, {1, 0, 0}).headers.at(0).remaining == 997);
}

TEST_CASE("a request that fails has made nothing: what it reserved is settled at once") {
    auto description = limited_by({tokens_in_bucket(1000, counted_tokens::settled)});
    description.hints.headers = provider::header_hint::openai;
    description.faults.error_rate = 1;
    script server(description);
    const auto failed = server.model().arrive(at(0s), {.caller = "a", .tokens = ordinary});
    CHECK(failed.what == kind::fail);
    CHECK(failed.headers.at(0).remaining == 900);
}

TEST_CASE(
    "a queued request is settled as served when it is, and as having made nothing when it leaves the "
    "line") {
    auto description = limited_by({tokens_in_bucket(1000, counted_tokens::settled), at_most(1, 2)});
    description.hints.headers = provider::header_hint::openai;
    script server(description);
    const auto arrive = [&] { return server.model().arrive(at(0s), {.caller = "a", .tokens = ordinary}); };
    const auto first = arrive();
    const auto second = arrive();
    const auto third = arrive();
    CHECK(third.what == kind::queue);
    server.depart(1s, third.id);  // 100 are owed
    server.depart(1s, first.id);  // 120, and the second is served
    const auto events = server.events(1s);
    REQUIRE(events.size() == 1);
    CHECK(events[0].id == second.id);
    CHECK(events[0].outcome.headers.at(0).remaining == 630);  // 1000 - 100 - 120 - 150
    server.depart(2s, second.id);
    CHECK(server.arrive(2s).headers.at(0).remaining == 659);
}

TEST_CASE("a queued request that times out gives back what it reserved") {
    auto description = limited_by({tokens_in_bucket(1000, counted_tokens::settled), at_most(1, 1)});
    description.hints.headers = provider::header_hint::openai;
    script server(description);
    const auto arrive = [&] { return server.model().arrive(at(0s), {.caller = "a", .tokens = ordinary}); };
    const auto first = arrive();
    const auto second = arrive();
    const auto events = server.events(3s);
    REQUIRE(events.size() == 1);
    CHECK(events[0].outcome.headers.at(0).remaining == 850);
    server.depart(3s, second.id);  // without effect: it is gone
    server.depart(3s, first.id);
    CHECK(server.arrive(3s).headers.at(0).remaining == 879);
}
