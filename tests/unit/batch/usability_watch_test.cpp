#include "batch/usability_watch.hpp"

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using stagger::diagnostic;
using stagger::errc;
using stagger::error_code;
using stagger::time_point;
using stagger::batch::usability_watch;
using step = usability_watch::step;

namespace {

constexpr time_point start{100s};
constexpr auto few = usability_watch::few;

/// An attempt that takes a tenth of a second.
diagnostic attempt(error_code error, std::uint64_t kind = 7, const std::string& message = "words") {
    diagnostic info;
    info.last_error = error;
    info.message = message;
    info.served = 100ms;
    info.alike = kind;
    return info;
}

struct fixture {
    usability_watch watch;
    time_point now = start;

    std::optional<usability_watch::order> ends(error_code error, std::uint64_t kind = 7,
                                               const std::string& message = "words") {
        now += 200ms;
        return watch.attempt_ended(now, attempt(error, kind, message));
    }
    void suspect(error_code error, std::uint64_t kind = 7, unsigned times = few) {
        for (unsigned each = 1; each < times; ++each) REQUIRE_FALSE(ends(error, kind));
        REQUIRE(ends(error, kind) == usability_watch::order{step::hold, kind});
        now += usability_watch::pause;
        REQUIRE(watch.look(now) == std::vector<usability_watch::order>{{step::ask_again, kind}});
    }
};

}  // namespace

TEST_CASE("a few in a row pause, one asks again, and then the endpoint is unusable") {
    for (const auto code :
         {errc::quota_exhausted, errc::unauthorized, errc::redirected, errc::unreadable_answer}) {
        fixture all;
        all.ends({});
        all.suspect(code);
        CHECK_FALSE(all.watch.all_unusable());
        CHECK(all.watch.is_open(attempt(code), all.now - 1ms));
        CHECK(all.ends(code) == usability_watch::order{step::refuse, 7});
        CHECK(all.watch.is_unusable(7));
        CHECK(all.watch.endpoint_unusable());
        CHECK(all.watch.error() == make_error_code(code));
        CHECK(all.watch.reason() == make_error_code(code).message() + ": words");
        CHECK_FALSE(all.watch.is_open(attempt(code), all.now - 1ms));
        CHECK_FALSE(all.ends({}));
    }
}

TEST_CASE("before the pause is over nobody asks") {
    fixture all;
    for (unsigned each = 0; each < few; ++each) all.ends(errc::unauthorized);
    CHECK(all.watch.look(all.now + usability_watch::pause - 1ms).empty());
    CHECK(all.watch.look(all.now + usability_watch::pause).size() == 1);
    CHECK(all.watch.look(all.now + usability_watch::pause).empty());
}

TEST_CASE("an answer between them counts from anew, and one that was sent before them does not") {
    fixture all;
    for (unsigned each = 1; each < few; ++each) all.ends(errc::not_found);
    CHECK_FALSE(all.ends({}));
    CHECK_FALSE(all.watch.is_open(attempt(errc::not_found), all.now - 200ms));
    for (unsigned each = 1; each < few; ++each) all.ends(errc::not_found);
    diagnostic slow = attempt({});
    slow.served = 1h;
    CHECK_FALSE(all.watch.attempt_ended(all.now, slow));
    CHECK(all.watch.is_open(attempt(errc::not_found), all.now - 1ms));
    CHECK(all.ends(errc::not_found) == usability_watch::order{step::hold, 7});
}

TEST_CASE("a failure is its prompt's own once something is answered that was sent behind it") {
    fixture all;
    all.ends(errc::quota_exhausted);
    const time_point failed_at = all.now;
    diagnostic overtaken = attempt({});
    overtaken.served = 50ms;
    CHECK_FALSE(all.watch.attempt_ended(failed_at + 20ms, overtaken));
    CHECK(all.watch.is_open(attempt(errc::quota_exhausted), failed_at));
    CHECK_FALSE(all.watch.attempt_ended(failed_at + 60ms, overtaken));
    CHECK_FALSE(all.watch.is_open(attempt(errc::quota_exhausted), failed_at));
}

TEST_CASE("where the one that asks again is answered, the kind goes on, and is suspected less soon") {
    fixture all;
    all.suspect(errc::forbidden);
    CHECK(all.ends({}) == usability_watch::order{step::release, 7});
    CHECK_FALSE(all.watch.is_open(attempt(errc::forbidden), all.now - 200ms));
    for (unsigned each = 1; each < 2 * few; ++each) CHECK_FALSE(all.ends(errc::forbidden));
    CHECK(all.ends(errc::forbidden) == usability_watch::order{step::hold, 7});
}

TEST_CASE("what was under way when one asks again decides nothing, unless it is an answer") {
    fixture all;
    all.suspect(errc::quota_exhausted);
    diagnostic before = attempt(errc::quota_exhausted);
    before.served = 10s;
    CHECK_FALSE(all.watch.attempt_ended(all.now, before));
    before = attempt({});
    before.served = usability_watch::pause + 500ms;
    CHECK(all.watch.attempt_ended(all.now, before) == usability_watch::order{step::release, 7});
}

TEST_CASE("a refusal for now tells nothing: another one asks") {
    fixture all;
    all.suspect(errc::quota_exhausted);
    CHECK(all.ends(errc::rate_limited) == usability_watch::order{step::ask_again, 7});
    CHECK(all.ends(errc::server_error) == usability_watch::order{step::ask_again, 7});
    CHECK(all.ends(errc::quota_exhausted) == usability_watch::order{step::refuse, 7});
}

TEST_CASE("throttling, outages and overload never make anything unusable") {
    fixture all;
    for (const auto code : {errc::rate_limited, errc::overloaded, errc::server_error, errc::connection_lost,
                            errc::answer_timed_out, errc::error_in_answer, errc::prompt_refused}) {
        for (unsigned each = 0; each < 100; ++each) CHECK_FALSE(all.ends(code));
        CHECK_FALSE(all.watch.is_open(attempt(code), all.now - 1ms));
    }
    all.watch.finish();
    CHECK_FALSE(all.watch.any_unusable());
}

TEST_CASE("one model that is wrong leaves the others alone") {
    fixture all;
    all.ends({}, 8);
    all.suspect(errc::not_found);
    CHECK(all.ends(errc::not_found) == usability_watch::order{step::refuse, 7});
    CHECK(all.watch.any_unusable());
    CHECK_FALSE(all.watch.all_unusable());
    CHECK_FALSE(all.watch.endpoint_unusable());
    CHECK_FALSE(all.watch.is_unusable(8));
    CHECK(all.watch.reason() == "server does not know this path or model: words (one model of 2)");
    all.suspect(errc::not_found, 8);
    all.ends(errc::not_found, 8);
    CHECK(all.watch.all_unusable());
    // Another model might be right.
    CHECK_FALSE(all.watch.endpoint_unusable());
}

TEST_CASE("prompts that are refused as invalid are their own, unless all are in the same words") {
    fixture own;
    for (unsigned each = 0; each < 100; ++each)
        CHECK_FALSE(own.ends(errc::bad_request, 7, "prompt " + std::to_string(each)));
    CHECK_FALSE(own.watch.any_unusable());

    fixture answered;
    answered.ends({});
    for (unsigned each = 0; each < 100; ++each) CHECK_FALSE(answered.ends(errc::bad_request));

    fixture all;
    all.suspect(errc::bad_request, 7, 2 * few);
    CHECK(all.ends(errc::bad_request) == usability_watch::order{step::refuse, 7});
}

TEST_CASE("when nothing will be sent any more, what is suspected is unusable, and what nothing contradicts") {
    fixture suspected;
    suspected.ends({});
    for (unsigned each = 0; each < few; ++each) suspected.ends(errc::unauthorized);
    suspected.watch.finish();
    CHECK(suspected.watch.is_unusable(7));

    fixture too_few;
    too_few.ends(errc::not_found);
    too_few.watch.finish();
    CHECK(too_few.watch.is_unusable(7));

    fixture after_answers;
    after_answers.ends({}, 8);
    after_answers.ends(errc::not_found);
    after_answers.watch.finish();
    CHECK_FALSE(after_answers.watch.any_unusable());
    CHECK_FALSE(after_answers.watch.is_open(attempt(errc::not_found), after_answers.now));

    fixture of_prompts;
    for (unsigned each = 0; each < 2 * few; ++each) of_prompts.ends(errc::bad_request);
    of_prompts.watch.finish();
    CHECK_FALSE(of_prompts.watch.any_unusable());
}

TEST_CASE("beyond the kinds that are told apart nothing is suspected") {
    fixture all;
    for (std::uint64_t kind = 1; kind < 1000; ++kind) all.ends(errc::not_found, kind);
    for (unsigned each = 0; each < 2 * few; ++each) CHECK_FALSE(all.ends(errc::not_found, 999));
    CHECK_FALSE(all.watch.is_open(attempt(errc::not_found, 999), all.now - 1ms));
}
