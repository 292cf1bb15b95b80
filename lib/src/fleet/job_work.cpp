#include "fleet/job_work.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace stagger::fleet {

std::vector<job_item> job_work::take_prompts() {
    return std::exchange(prompts_, {});
}

void job_work::answered(job_item answer) {
    if (!held_.contains(answer.key)) return;
    undelivered_.insert(answer.key);
    answers_.push_back(std::move(answer));
}

void job_work::give_back(const std::string& key, bool may_have_been_asked) {
    if (!held_.contains(key)) return;
    (may_have_been_asked ? maybe_asked_ : untouched_).push_back(key);
}

void job_work::leave() {
    if (std::exchange(is_leaving_, true)) return;
    for (const job_item& each : std::exchange(prompts_, {})) untouched_.push_back(each.key);
    if (place_ == place::nowhere && held_.empty()) place_ = place::gone;
}

void job_work::connected(time_point now) {
    if (place_ == place::gone) return;
    place_ = place::unknown;
    takes_at_ = renews_at_ = now;
    pause_ = shortest_pause;
}

void job_work::disconnected() {
    if (place_ == place::gone) return;
    place_ = place::nowhere;
    is_taking_ = is_renewing_ = false;
    // Whether the store has them is not known. Twice does no harm.
    answers_.insert(answers_.begin(), std::make_move_iterator(finishing_.begin()),
                    std::make_move_iterator(finishing_.end()));
    finishing_.clear();
    auto& back = giving_asked_ ? maybe_asked_ : untouched_;
    back.insert(back.end(), giving_.begin(), giving_.end());
    giving_.clear();
    if (is_leaving_ && held_.empty() && answers_.empty()) place_ = place::gone;
}

void job_work::held() {
    if (place_ != place::saying) return;
    place_ = place::known;
    tell_latest_again();
}

void job_work::not_held(time_point now) {
    if (place_ != place::saying) return;
    place_ = place::unknown;
    holds_at_ = now + full_pause;
}

void job_work::note(job_state state, bool knows_me) {
    if (state == job_state::done) is_done_ = true;
    if (!knows_me && place_ == place::known) place_ = place::unknown;
}

void job_work::taken(time_point now, job_state state, bool knows_me, std::vector<job_item> prompts) {
    is_taking_ = false;
    const bool got_some = !prompts.empty();
    for (job_item& each : prompts) {
        if (!held_.insert(each.key).second) continue;  // under way as it is
        if (tell_if_known(each.key)) continue;
        // What came after the word to leave goes back as it is.
        if (is_leaving_) {
            untouched_.push_back(each.key);
        } else {
            prompts_.push_back(std::move(each));
        }
    }
    room_ -= std::min(room_, prompts.size());
    note(state, knows_me);
    pause_ = got_some ? shortest_pause : std::min(2 * pause_, longest_pause);
    takes_at_ = got_some || !knows_me ? now : now + pause_;
}

// A store that came back from an older copy gives again what is being told again.
bool job_work::tell_if_known(const std::string& key) {
    const auto is_of = [&](const job_item& answer) { return answer.key == key; };
    if (std::none_of(answers_.begin(), answers_.end(), is_of)) {
        const auto told = std::find_if(finishing_.begin(), finishing_.end(), is_of);
        if (told == finishing_.end()) return false;
        answers_.push_back(*told);  // that one may have come before the key was given
    }
    undelivered_.insert(key);
    return true;
}

void job_work::renewed(time_point now, job_state state, bool knows_me) {
    is_renewing_ = false;
    renews_at_ = now + renews_every;
    note(state, knows_me);
}

void job_work::delivered(time_point now) {
    finishes_together_ = std::min(2 * finishes_together_, finished_together);
    for (job_item& each : std::exchange(finishing_, {})) {
        held_.erase(each.key);  // unless it was told again
        undelivered_.erase(each.key);
        keep(now, std::move(each));
    }
}

void job_work::keep(time_point now, job_item answer) {
    kept_bytes_ += answer.text.size();
    latest_.push_back({std::move(answer), now});
    let_go_of_old(now);
}

void job_work::let_go_of_old(time_point now) {
    while (!latest_.empty() && (now - latest_.front().since > kept_for || kept_bytes_ > most_kept_bytes)) {
        kept_bytes_ -= latest_.front().answer.text.size();
        latest_.pop_front();
    }
}

void job_work::tell_latest_again() {
    for (auto each = latest_.rbegin(); each != latest_.rend(); ++each)
        answers_.push_front(std::move(each->answer));
    latest_.clear();
    kept_bytes_ = 0;
}

// The message takes memory there, too: a smaller one may fit, and makes room by what it ends.
void job_work::not_delivered(time_point now) {
    finishes_together_ = std::max(finishing_.size() / 2, std::size_t{1});
    answers_.insert(answers_.begin(), std::make_move_iterator(finishing_.begin()),
                    std::make_move_iterator(finishing_.end()));
    finishing_.clear();
    finishes_at_ = now + full_pause;
}

void job_work::given_back() {
    for (const std::string& key : std::exchange(giving_, {})) held_.erase(key);
}

std::vector<work_errand> job_work::next(time_point now) {
    std::vector<work_errand> todo;
    if (place_ == place::unknown && now >= holds_at_) {
        place_ = place::saying;
        work_errands::hold what;
        what.keys.assign(held_.begin(), held_.end());
        std::sort(what.keys.begin(), what.keys.end());
        renews_at_ = now + renews_every;
        todo.emplace_back(std::move(what));
    }
    if (place_ != place::known) return todo;
    let_go_of_old(now);
    finish_some(now, todo);
    give_back_some(todo);
    const bool has_told_all = answers_.empty() && finishing_.empty();
    if (is_leaving_ && held_.empty() && has_told_all && !is_taking_) {
        place_ = place::leaving;
        todo.emplace_back(work_errands::leave{});
        return todo;
    }
    const bool wants_more = room_ > 0 && !is_leaving_ && !is_done_;
    if (wants_more && !is_taking_ && now >= takes_at_) {
        is_taking_ = true;
        todo.emplace_back(work_errands::take{std::min(room_, taken_together)});
    }
    if (!is_renewing_ && now >= renews_at_) {
        is_renewing_ = true;
        todo.emplace_back(work_errands::renew{});
    }
    return todo;
}

void job_work::finish_some(time_point now, std::vector<work_errand>& todo) {
    if (answers_.empty() || !finishing_.empty() || now < finishes_at_) return;
    std::size_t bytes = 0;
    while (!answers_.empty() && finishing_.size() < finishes_together_ && bytes < bytes_together) {
        bytes += answers_.front().text.size();
        finishing_.push_back(std::move(answers_.front()));
        answers_.pop_front();
    }
    todo.emplace_back(work_errands::finish{finishing_});
}

void job_work::give_back_some(std::vector<work_errand>& todo) {
    if (!giving_.empty() || (untouched_.empty() && maybe_asked_.empty())) return;
    giving_asked_ = untouched_.empty();
    giving_ = std::exchange(giving_asked_ ? maybe_asked_ : untouched_, {});
    todo.emplace_back(work_errands::give_back{giving_, giving_asked_});
}

time_point job_work::wakes_at(time_point now) const {
    if (place_ == place::unknown) return std::max(now, holds_at_);
    if (place_ != place::known) return never;
    time_point at = is_renewing_ ? never : renews_at_;
    const bool wants_more = room_ > 0 && !is_leaving_ && !is_done_;
    if (wants_more && !is_taking_) at = std::min(at, takes_at_);
    if (!answers_.empty() && finishing_.empty() && finishes_at_ > now) at = std::min(at, finishes_at_);
    return at;
}

}  // namespace stagger::fleet
