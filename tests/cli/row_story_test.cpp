// What replay --why tells of one row, from records made by hand.

#include <doctest/doctest.h>

#include "simulate/row_story.hpp"

using namespace std::chrono_literals;
namespace decisions = stagger::decisions;

namespace {

const stagger::time_point origin{1h};

class story_of {
 public:
    explicit story_of(const std::string& label) : story_(label) {}

    story_of& at(stagger::duration since, stagger::decision what) {
        story_.add({origin + since, std::move(what)});
        return *this;
    }
    story_of& joins(stagger::duration since, std::uint64_t task, const std::string& label) {
        at(since, decisions::submitted{stagger::cost{}, stagger::never, stagger::task_id{task}});
        return label.empty() ? *this : at(since, decisions::labelled{stagger::task_id{task}, label});
    }
    const app::row_story& told() const { return story_; }

 private:
    app::row_story story_;
};

decisions::admitted admitted(std::uint64_t task, std::uint64_t permit, stagger::wait_reason why,
                             stagger::duration waited) {
    decisions::admitted made{stagger::task_id{task}, stagger::permit_id{permit}, {}, {}, std::nullopt};
    made.waited[why] = waited;
    made.view.pace_per_s = 6.6;
    return made;
}

}  // namespace

TEST_CASE("one row's story: queued when, why it waited, each attempt, refusals, end") {
    story_of row("a-1");
    row.joins(0s, 1, "other").joins(1s, 2, "a-1");
    row.at(2s, admitted(1, 10, stagger::wait_reason::pace, 2s));
    row.at(3s, admitted(2, 11, stagger::wait_reason::pace, 2s));
    decisions::throttled refusal{stagger::permit_id{11}, {}, origin + 8s};
    refusal.said.retry_after = 4s;
    row.at(4s, refusal);
    row.at(4s, decisions::resubmitted{stagger::cost{}, stagger::never, origin + 8s,
                                      stagger::retry_cause::throttled, stagger::task_id{3}});
    row.at(4s, decisions::labelled{stagger::task_id{3}, "a-1"});
    row.at(5s, decisions::accepted{stagger::permit_id{10}, {}});
    row.at(9s, admitted(3, 12, stagger::wait_reason::own_delay, 5s));
    row.at(9500ms, decisions::answering{stagger::permit_id{12}, {}});
    decisions::accepted end{stagger::permit_id{12}, {}};
    end.used.prompt_tokens = 12;
    end.used.completion_tokens = 30;
    row.at(10s, end);
    CHECK(row.told().found());
    CHECK(
        row.told().text() ==
        "     1.000 s  joins the line\n"
        "     3.000 s  attempt 1 is sent, after 2.000 s (pace 2.000 s), at a pace of 6.6/s\n"
        "     4.000 s  refused 1.000 s after it was sent; Retry-After of 4.000 s; not again before 8.000 s\n"
        "     4.000 s  joins it again, after a refusal, not to be sent before 8.000 s\n"
        "     9.000 s  attempt 2 is sent, after 5.000 s (backing off 5.000 s), at a pace of 6.6/s\n"
        "     9.500 s  its answer begins\n"
        "    10.000 s  admitted and done 1.000 s after it was sent; 12 tokens in the prompt, 30 in the "
        "answer\n"
        "2 attempts, 1 refused; 9.000 s: 2.000 s on the way, waiting 7.000 s (pace 2.000 s, backing off "
        "5.000 "
        "s)\n");
}

TEST_CASE("a row is found by its line, too, and one without an end says so") {
    story_of row("17");
    row.joins(0s, 1, "line-17");
    CHECK(
        row.told().text() ==
        "     0.000 s  joins the line\n"
        "0 attempts, 0 refused; 0.000 s: 0.000 s on the way, waiting 0.000 s; the log ends before it does\n");
}

TEST_CASE("the other ends of a row") {
    decisions::expired late{stagger::task_id{1}, {}};
    CHECK(story_of("a").joins(0s, 1, "a").at(1s, late).told().text().find("its deadline passes in line") !=
          std::string::npos);
    decisions::withdrawn gone{stagger::task_id{1}, true, {}};
    CHECK(story_of("a").joins(0s, 1, "a").at(1s, gone).told().text().find("gives up, after") !=
          std::string::npos);
    const auto sent = [] {
        return story_of("a").joins(0s, 1, "a").at(1s, admitted(1, 5, stagger::wait_reason::pace, 1s));
    };
    CHECK(sent()
              .at(2s, decisions::failed{stagger::permit_id{5}})
              .told()
              .text()
              .find("failed 1.000 s after it was sent: an accident") != std::string::npos);
    CHECK(sent()
              .at(2s, decisions::abandoned{stagger::permit_id{5}})
              .told()
              .text()
              .find("given up on the way") != std::string::npos);
    decisions::throttled own{stagger::permit_id{5}, {}};
    own.own = true;
    CHECK(sent().at(2s, own).told().text().find("the prompt itself is what the server refuses") !=
          std::string::npos);
}

TEST_CASE("a log without labels is told from one that lacks the row") {
    story_of old("a");
    old.joins(0s, 1, "");
    CHECK_FALSE(old.told().found());
    CHECK_FALSE(old.told().log_has_labels());
    story_of other("a");
    other.joins(0s, 1, "b");
    CHECK_FALSE(other.told().found());
    CHECK(other.told().log_has_labels());
}
