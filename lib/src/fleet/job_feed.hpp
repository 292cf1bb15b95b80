#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

#include "fleet/job_item.hpp"
#include "stagger/time.hpp"

namespace stagger::fleet {

/// What the feeder of a job is to do at the store.
namespace feed_errands {

/// Become its feeder; `job_feed::entered` or `refused` is what came of it.
struct enter {};
/// Stay it; `job_feed::renewed`.
struct renew {};
/// Answers behind that entry (empty: from the first); `job_feed::answer_came` for each, then `answers_read`.
struct read {
    std::string after;
};
/// All but what is there, is in work, or has an answer behind that entry; `job_feed::added`, or `not_added`
/// where the store has no room.
struct add {
    std::vector<job_item> items;
    std::string after;
};
/// Their results are on disk; `job_feed::forgotten`.
struct forget {
    std::vector<std::string> entries;
    std::vector<std::string> keys;
};
/// Take back what no worker has; `job_feed::withdrawn`.
struct withdraw {};

}  // namespace feed_errands

using feed_errand = std::variant<feed_errands::enter, feed_errands::renew, feed_errands::read,
                                 feed_errands::add, feed_errands::forget, feed_errands::withdraw>;

/** @brief The side of a job that has its list and its results file.
 *
 * The file is the record; the store only carries. So whatever happens to the store, what has no result yet is
 * put into it again, and an answer is taken out of it only when its result is on disk. An answer that comes
 * twice counts once.
 *
 * A store that comes back may have lost all of it, or what came after its last copy on disk. So whatever has
 * no answer is put in again each time; what is there, or in work, stays as it is. Workers are given `grace`
 * before, to say what they hold: otherwise all that is in work would be asked twice.
 *
 * A pure state machine: events and the time come in, errands come out.
 */
class job_feed {
 public:
    static constexpr duration renews_every = std::chrono::seconds(2);
    /// The store takes the job from a feeder that has not renewed for so long.
    static constexpr duration held_for = std::chrono::seconds(10);
    /// While nothing comes. A prompt takes seconds: nobody notices.
    static constexpr duration reads_every = std::chrono::milliseconds(50);
    /// Longer than the longest pause between two tries to reach a store.
    static constexpr duration grace = std::chrono::seconds(4);
    /// Between two tries to put something into a store that is full.
    static constexpr duration full_pause = std::chrono::seconds(1);
    /// At once: so many prompts, unless they are longer together.
    static constexpr std::size_t added_together = 256;
    static constexpr std::size_t bytes_together = 1024 * 1024;
    static constexpr std::size_t forgotten_together = 512;
    /// Of prompts in the store: what bounds the memory that a job takes there.
    static constexpr std::size_t most_bytes = 128 * 1024 * 1024;
    /// Of prompts that are done: by which an answer that is told once more is known, so that it does not stay
    /// there.
    static constexpr std::size_t most_remembered = 16'384;
    /// Where the store is full, it keeps this share free for who takes prompts and brings answers.
    static constexpr std::size_t free_quarter = 4;

    /// @param goes_on an earlier run began the list, so workers may hold prompts that the store has lost
    /// since
    explicit job_feed(bool goes_on = false) : goes_on_(goes_on) {}

    // ---- the list
    /// A prompt that is to be answered, each key once until it is answered and recorded.
    void ask(job_item prompt);
    /// Answers that came of what was asked, each once. Emptied by the call.
    std::vector<job_item> take_answers();
    /// Its result is on disk.
    void recorded(const std::string& key);
    /// Nothing is put in any more, and what no worker has is taken back.
    void withdraw();
    /// Keys that were asked for and taken back. Emptied by the call.
    std::vector<std::string> take_withdrawn();

    // ---- what happened at the store
    void connected(time_point now);
    void disconnected();
    /// @param existed the store knew of the job
    void entered(time_point now, bool existed);
    /// @param mine it was still this feeder's, and there
    void renewed(time_point now, bool mine);
    void answer_came(const std::string& entry, job_item answer);
    /// @param is_all there were no more
    void answers_read(time_point now, bool is_all);
    void added();
    void not_added(time_point now);
    void forgotten();
    void withdrawn(const std::vector<std::string>& keys);

    /// What is to be done now, in this order.
    std::vector<feed_errand> next(time_point now);
    /// When to ask again, unless something happens before.
    time_point wakes_at(time_point now) const;

    /// Prompts without an answer.
    std::size_t unanswered() const { return asked_.size(); }
    /// Answers that are not forgotten at the store yet.
    bool has_unforgotten() const { return !to_forget_.empty() || !forgetting_.empty(); }

 private:
    enum class place { nowhere, outside, catching_up, inside };
    struct asked {
        std::string text;
        bool is_in_store = false;
    };
    struct late_answer {
        std::string entry;
        std::string text;
    };
    struct done {
        std::string entry;  // empty: the store has lost it
        std::string key;
    };

    void deliver(const std::string& entry, job_item answer);
    void read_on(time_point now, std::vector<feed_errand>& todo);
    void add_more(std::deque<std::string>& line, std::vector<feed_errand>& todo);
    void forget_done(std::vector<feed_errand>& todo);
    void put_in_again(time_point now);
    bool adds_again(time_point now) const;
    void take_back_adding();
    void remember(const std::string& key);

    bool goes_on_;
    place place_ = place::nowhere;
    bool is_busy_ = false;  // becoming the feeder
    std::unordered_map<std::string, asked> asked_;
    std::deque<std::string> to_add_;  // some may have been answered meanwhile
    std::deque<std::string> again_;   // the same; the store had them once
    time_point again_at_{};
    std::vector<std::string> adding_;
    std::size_t bytes_in_store_ = 0;
    std::size_t room_ = most_bytes;  // less where the store was full before
    time_point adds_at_{};
    std::vector<job_item> answers_;
    std::unordered_map<std::string, std::string> answered_;  // by key: the entry, until it is on disk
    std::map<std::string, late_answer> unasked_;             // by key: of a run before this one
    std::deque<std::string> done_lately_;                    // keys, the oldest first
    std::unordered_set<std::string> is_done_lately_;
    std::vector<done> to_forget_;
    std::vector<done> forgetting_;
    std::string last_entry_;
    bool is_reading_ = false;
    time_point reads_at_{};
    bool is_renewing_ = false;
    time_point renews_at_{};
    bool is_ending_ = false;
    bool must_withdraw_ = false;
    bool is_withdrawing_ = false;
    std::vector<std::string> withdrawn_;
};

}  // namespace stagger::fleet
