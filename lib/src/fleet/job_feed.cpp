#include "fleet/job_feed.hpp"

#include <algorithm>
#include <utility>

namespace stagger::fleet {

void job_feed::ask(job_item prompt) {
    if (is_ending_) {
        withdrawn_.push_back(std::move(prompt.key));
        return;
    }
    const auto late = unasked_.find(prompt.key);
    if (late != unasked_.end()) {
        answered_.emplace(prompt.key, std::move(late->second.entry));
        answers_.push_back({std::move(prompt.key), std::move(late->second.text)});
        unasked_.erase(late);
        return;
    }
    to_add_.push_back(prompt.key);
    asked_.emplace(std::move(prompt.key), asked{std::move(prompt.text)});
}

std::vector<job_item> job_feed::take_answers() {
    return std::exchange(answers_, {});
}

std::vector<std::string> job_feed::take_withdrawn() {
    return std::exchange(withdrawn_, {});
}

void job_feed::recorded(const std::string& key) {
    const auto found = answered_.find(key);
    if (found == answered_.end()) return;
    to_forget_.push_back({std::move(found->second), key});
    answered_.erase(found);
}

void job_feed::withdraw() {
    if (std::exchange(is_ending_, true)) return;
    must_withdraw_ = true;
    for (const std::string& key : std::exchange(to_add_, {})) {
        const auto found = asked_.find(key);
        if (found == asked_.end()) continue;
        // What was in a store that came back empty may be in work: putting it in again tells.
        if (found->second.is_in_store) {
            to_add_.push_back(key);
            continue;
        }
        asked_.erase(found);
        withdrawn_.push_back(key);
    }
}

void job_feed::connected(time_point now) {
    place_ = place::outside;
    renews_at_ = now;
}

void job_feed::disconnected() {
    place_ = place::nowhere;
    is_busy_ = is_reading_ = is_renewing_ = is_withdrawing_ = false;
    // Whether it came about is not known; both do no harm when they are done twice.
    to_add_.insert(to_add_.begin(), adding_.begin(), adding_.end());
    adding_.clear();
    to_forget_.insert(to_forget_.end(), std::make_move_iterator(forgetting_.begin()),
                      std::make_move_iterator(forgetting_.end()));
    forgetting_.clear();
}

void job_feed::entered(time_point now, bool existed) {
    is_busy_ = false;
    place_ = place::catching_up;
    renews_at_ = now + renews_every;
    reads_at_ = now;
    if (existed) return;
    last_entry_.clear();
    for (auto& [key, entry] : answered_) entry.clear();
    for (done& each : to_forget_) each.entry.clear();
    const bool had_some =
        std::any_of(asked_.begin(), asked_.end(), [](const auto& each) { return each.second.is_in_store; });
    if (!had_some) return;
    adds_at_ = now + grace;
    put_in_again();
}

void job_feed::put_in_again() {
    std::vector<std::string> again;
    for (const auto& [key, one] : asked_) {
        if (one.is_in_store) again.push_back(key);
    }
    // In an order that is the same in every run.
    std::sort(again.begin(), again.end());
    std::erase_if(to_add_, [this](const std::string& key) {
        const auto found = asked_.find(key);
        return found == asked_.end() || found->second.is_in_store;
    });
    to_add_.insert(to_add_.begin(), again.begin(), again.end());
    bytes_in_store_ = 0;
}

void job_feed::renewed(time_point now, bool mine) {
    is_renewing_ = false;
    renews_at_ = now + renews_every;
    if (mine || place_ == place::nowhere) return;
    place_ = place::outside;
}

void job_feed::answer_came(const std::string& entry, job_item answer) {
    last_entry_ = entry;
    if (asked_.contains(answer.key)) return deliver(entry, std::move(answer));
    // Twice where somebody took over what was only slow.
    const bool again = answered_.contains(answer.key) || unasked_.contains(answer.key);
    if (again) {
        to_forget_.push_back({entry, {}});
    } else {
        const std::string key = answer.key;
        unasked_.emplace(key, late_answer{entry, std::move(answer.text)});
    }
}

void job_feed::deliver(const std::string& entry, job_item answer) {
    const auto found = asked_.find(answer.key);
    if (found->second.is_in_store) bytes_in_store_ -= std::min(bytes_in_store_, found->second.text.size());
    asked_.erase(found);
    answered_.emplace(answer.key, entry);
    answers_.push_back(std::move(answer));
}

void job_feed::answers_read(time_point now, bool is_all) {
    is_reading_ = false;
    reads_at_ = is_all ? now + reads_every : now;
    if (is_all && place_ == place::catching_up) place_ = place::inside;
}

void job_feed::added() {
    for (const std::string& key : std::exchange(adding_, {})) {
        const auto found = asked_.find(key);
        if (found == asked_.end()) continue;
        found->second.is_in_store = true;
        bytes_in_store_ += found->second.text.size();
    }
}

void job_feed::not_added(time_point now) {
    to_add_.insert(to_add_.begin(), adding_.begin(), adding_.end());
    adding_.clear();
    adds_at_ = now + full_pause;
}

void job_feed::forgotten() {
    forgetting_.clear();
}

void job_feed::withdrawn(const std::vector<std::string>& keys) {
    is_withdrawing_ = must_withdraw_ = false;
    for (const std::string& key : keys) {
        if (asked_.erase(key) > 0) withdrawn_.push_back(key);
    }
}

std::vector<feed_errand> job_feed::next(time_point now) {
    std::vector<feed_errand> todo;
    if (place_ == place::nowhere) return todo;
    if (place_ == place::outside) {
        if (!std::exchange(is_busy_, true)) todo.emplace_back(feed_errands::enter{});
        return todo;
    }
    read_on(now, todo);
    forget_done(todo);
    if (may_add(now)) add_more(todo);
    const bool all_told = place_ == place::inside && adding_.empty() && to_add_.empty();
    if (must_withdraw_ && all_told && !std::exchange(is_withdrawing_, true))
        todo.emplace_back(feed_errands::withdraw{});
    if (!is_renewing_ && now >= renews_at_) {
        is_renewing_ = true;
        todo.emplace_back(feed_errands::renew{});
    }
    return todo;
}

void job_feed::read_on(time_point now, std::vector<feed_errand>& todo) {
    if (is_reading_ || now < reads_at_) return;
    is_reading_ = true;
    todo.emplace_back(feed_errands::read{last_entry_});
}

// What the store answered while nobody looked has to be known first, or it would be asked once more.
bool job_feed::may_add(time_point now) const {
    return place_ == place::inside && adding_.empty() && now >= adds_at_ && !to_add_.empty();
}

void job_feed::add_more(std::vector<feed_errand>& todo) {
    feed_errands::add more;
    more.after = last_entry_;
    std::size_t bytes = 0;
    while (!to_add_.empty() && more.items.size() < added_together && bytes < bytes_together) {
        const auto found = asked_.find(to_add_.front());
        if (found == asked_.end()) {
            to_add_.pop_front();
            continue;
        }
        const std::size_t size = found->second.text.size();
        if (bytes_in_store_ + bytes > 0 && bytes_in_store_ + bytes + size > most_bytes) break;
        bytes += size;
        more.items.push_back({found->first, found->second.text});
        adding_.push_back(found->first);
        to_add_.pop_front();
    }
    if (!more.items.empty()) todo.emplace_back(std::move(more));
}

void job_feed::forget_done(std::vector<feed_errand>& todo) {
    if (to_forget_.empty() || !forgetting_.empty()) return;
    const auto count = std::min(to_forget_.size(), forgotten_together);
    const auto end = to_forget_.begin() + static_cast<std::ptrdiff_t>(count);
    forgetting_.assign(std::make_move_iterator(to_forget_.begin()), std::make_move_iterator(end));
    to_forget_.erase(to_forget_.begin(), end);
    feed_errands::forget what;
    for (const done& each : forgetting_) {
        if (!each.entry.empty()) what.entries.push_back(each.entry);
        if (!each.key.empty()) what.keys.push_back(each.key);
    }
    todo.emplace_back(std::move(what));
}

time_point job_feed::wakes_at(time_point now) const {
    if (place_ == place::nowhere || place_ == place::outside) return never;
    time_point at = is_renewing_ ? never : renews_at_;
    if (!is_reading_) at = std::min(at, reads_at_);
    if (!to_add_.empty() && adding_.empty() && adds_at_ > now) at = std::min(at, adds_at_);
    return at;
}

}  // namespace stagger::fleet
