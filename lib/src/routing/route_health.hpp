#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "routing/answer_times.hpp"
#include "stagger/time.hpp"

namespace stagger::routing {

/// How an attempt ended, for the route that it took.
enum class route_outcome : std::uint8_t {
    answered,    ///< or refused for what the request is
    refused,     ///< by a limit: its gate knows what to do
    overloaded,  ///< refused for the server's own load, until when is not said: it may be an outage
    accident,    ///< the server, or the way to it, failed
    unusable,    ///< the account's key, quota or path is of no use, for whatever request
    untold,      ///< nothing is known: its caller left
};

/// What is thought of a route. A lower one is better.
enum class route_grade : std::uint8_t {
    good,
    slow,      ///< its answers no longer come in the time that they took
    down,      ///< its attempts fail
    unusable,  ///< its key, quota or path is of no use
};

/** @brief Notices a route that should not be used, and when it may be again, from what its attempts come to.
 *
 * One accident does not make a route bad, and fifty that were under way together tell no more than one. So an
 * accident leaves a few further attempts until one of them is answered; are they not, the route is down.
 * Where accidents pass again and again, more are left. A route whose latest attempts have all been waited for
 * longer than 99 of 100 of its answers took is slow. One that is set aside is asked again by one attempt at a
 * time, at first after a second, and then ever less often; an answer brings it back. Knows no clock: times
 * are passed in, and never go back.
 */
class route_health {
 public:
    using attempt_number = std::uint64_t;

    /// An attempt begins. Its number is for `ended`.
    attempt_number sent(time_point now);
    /// @param opens_in for `unusable`: when it will be of use again, where the server said so
    void ended(attempt_number which, route_outcome what, time_point now,
               std::optional<duration> opens_in = std::nullopt);
    /// Looks at what is still unanswered.
    void look(time_point now) {
        if (now > nothing_overdue_before_) look_closely(now);
    }

    route_grade grade() const { return grade_; }
    /// How many further attempts may begin.
    std::size_t room(time_point now) const;
    /// Whether another attempt may begin.
    bool takes(time_point now) const { return room(now) > 0; }
    /// When a route that is set aside takes the next one; `never` while one is under way there.
    time_point next_try() const;
    /// When `look` may find something although nothing has happened.
    time_point look_at() const;
    std::size_t under_way() const { return under_way_.size(); }
    /// How long an answer takes there; zero as long as that is unknown.
    duration answer_time() const { return times_.median().value_or(duration::zero()); }

 private:
    /// So many attempts begin after what may be the end of a route, before it is known to be one. Twice as
    /// many with every time that it was not.
    static constexpr unsigned least_credit = 4;
    static constexpr unsigned most_credit = 64;
    static constexpr std::size_t any_number = std::numeric_limits<std::size_t>::max();

    struct attempt {
        attempt_number number;
        time_point sent_at;
    };

    void answered(const attempt& which, time_point now);
    void refused(const attempt& which);
    /// What a failure makes of a route, and how long it is left alone then.
    struct verdict {
        route_grade grade;
        duration shortest_pause;
        duration longest_pause;
    };
    void failed(const attempt& which, const verdict& as, time_point now, std::optional<duration> opens_in);
    void set_aside(route_grade as, time_point now, duration pause);
    void come_back();
    /// Of those that nothing later than it was answered: what is known of the oldest.
    struct unanswered {
        time_point overdue_at = never;  // it has then taken longer than usual
        std::size_t count = 0;
    };
    unanswered look_at_unanswered() const;
    void look_closely(time_point now);
    bool is_overdue(time_point now);
    void add_time(duration one);

    answer_times times_;
    std::vector<attempt> under_way_;  // the oldest first
    attempt_number next_ = 1;
    attempt_number answered_up_to_ = 0;  // the latest that was answered
    // Nothing is overdue before: looking through those under way for each event is dear.
    time_point nothing_overdue_before_ = never;

    route_grade grade_ = route_grade::good;
    // Good, but an attempt met an accident: from which one on an answer takes the doubt away.
    attempt_number doubted_since_ = 0;  // 0: nothing is doubted
    unsigned credit_ = 0;
    unsigned credit_after_doubt_ = least_credit;
    unsigned overdue_sends_ = 0;  // since the oldest one was overdue
    // Set aside.
    attempt_number aside_since_ = 0;
    attempt_number trial_ = 0;  // the attempt that asks; 0: none is under way
    time_point next_trial_ = never;
    duration pause_{0};
};

}  // namespace stagger::routing
