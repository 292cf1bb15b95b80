#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <unordered_set>
#include <variant>
#include <vector>

#include "fleet/job_item.hpp"
#include "stagger/time.hpp"

namespace stagger::fleet {

/// What a worker of a job is to do at the store.
namespace work_errands {

/// Say that it is there, and that it holds these and no others; `job_work::held`, or `not_held` where the
/// store has no room.
struct hold {
    std::vector<std::string> keys;
};
/// `job_work::taken`.
struct take {
    std::size_t count = 0;
};
/// Stay known; `job_work::renewed`.
struct renew {};
/// `job_work::delivered`, or `not_delivered` where the store has no room.
struct finish {
    std::vector<job_item> answers;
};
/// For others to take; `job_work::given_back`.
struct give_back {
    std::vector<std::string> keys;
    bool may_have_been_asked = false;
};
/// Be known no more; `job_work::left`.
struct leave {};

}  // namespace work_errands

using work_errand = std::variant<work_errands::hold, work_errands::take, work_errands::renew,
                                 work_errands::finish, work_errands::give_back, work_errands::leave>;

/** @brief The side of a job that answers prompts: which of them it holds, and what it owes the store.
 *
 * It holds what it took for as long as it renews itself; who has not renewed for `held_for` is taken for
 * gone, and what it held is handed out again. Where the store has forgotten it, as one that was started again
 * has, it says first what it holds. An answer is kept until the store has it, and a little longer: one that
 * forgets has lost what nobody had read yet, so the latest ones are told again, and the feeder drops what it
 * had.
 *
 * A pure state machine: events and the time come in, errands come out.
 */
class job_work {
 public:
    static constexpr duration renews_every = std::chrono::seconds(2);
    static constexpr duration held_for = std::chrono::seconds(10);
    /// Between two looks for more where there was less than wanted: growing.
    static constexpr duration shortest_pause = std::chrono::milliseconds(25);
    static constexpr duration longest_pause = std::chrono::milliseconds(400);
    static constexpr duration full_pause = std::chrono::seconds(1);
    static constexpr std::size_t taken_together = 64;
    static constexpr std::size_t finished_together = 64;
    static constexpr std::size_t bytes_together = 1024 * 1024;
    /// An answer that the store has is kept until it was read, and it is known that nothing was forgotten.
    static constexpr duration kept_for = renews_every + std::chrono::seconds(1);
    static constexpr std::size_t most_kept_bytes = 4 * 1024 * 1024;

    // ---- the run
    /// So many more could be begun. Only the last word counts.
    void room(std::size_t places) { room_ = places; }
    /// Prompts that it is to answer, each once. Emptied by the call.
    std::vector<job_item> take_prompts();
    void answered(job_item answer);
    /// It will not answer that one.
    /// @param may_have_been_asked the server may have seen it
    void give_back(const std::string& key, bool may_have_been_asked);
    /// Takes nothing any more, gives back what nobody has begun, and leaves once it holds nothing.
    void leave();

    // ---- what happened at the store
    void connected(time_point now);
    void disconnected();
    void held();
    /// The store has no room.
    void not_held(time_point now);
    /// @param knows_me false: the store has forgotten this worker, and gave nothing
    void taken(time_point now, job_state state, bool knows_me, std::vector<job_item> prompts);
    void renewed(time_point now, job_state state, bool knows_me);
    void delivered(time_point now);
    void not_delivered(time_point now);
    void given_back();
    void left() { place_ = place::gone; }

    std::vector<work_errand> next(time_point now);
    time_point wakes_at(time_point now) const;

    /// The job has ended: nothing more will come.
    bool is_done() const { return is_done_; }
    bool has_left() const { return place_ == place::gone; }
    std::size_t holds() const { return held_.size(); }
    /// Of these: that are still to be answered.
    std::size_t unanswered() const {
        const auto back = untouched_.size() + maybe_asked_.size() + giving_.size();
        return held_.size() - undelivered_.size() - back;
    }

 private:
    enum class place { nowhere, unknown, saying, known, leaving, gone };
    struct kept {
        job_item answer;
        time_point since;
    };

    bool tell_if_known(const std::string& key);
    void note(job_state state, bool knows_me);
    void keep(time_point now, job_item answer);
    void let_go_of_old(time_point now);
    void tell_latest_again();
    void finish_some(time_point now, std::vector<work_errand>& todo);
    void give_back_some(std::vector<work_errand>& todo);

    place place_ = place::nowhere;
    time_point holds_at_{};
    bool is_leaving_ = false;
    bool is_done_ = false;
    std::size_t room_ = 0;
    std::unordered_set<std::string> held_;
    std::vector<job_item> prompts_;
    std::deque<job_item> answers_;
    std::vector<job_item> finishing_;
    std::size_t finishes_together_ = finished_together;  // fewer where the store has little room
    std::unordered_set<std::string> undelivered_;        // of what is held: that has its answer
    std::deque<kept> latest_;                            // answers that the store has, or had
    std::size_t kept_bytes_ = 0;
    time_point finishes_at_{};
    std::vector<std::string> untouched_;    // to give back
    std::vector<std::string> maybe_asked_;  // to give back
    std::vector<std::string> giving_;
    bool giving_asked_ = false;
    bool is_taking_ = false;
    time_point takes_at_{};
    duration pause_ = shortest_pause;
    bool is_renewing_ = false;
    time_point renews_at_{};
};

}  // namespace stagger::fleet
