#include "fleet/job_feed.hpp"

#include <algorithm>
#include <utility>

namespace stagger::fleet {

namespace {

// Of what goes well after the store was full: so slowly that it is not full again and again.
constexpr std::size_t regained_share = 64;
// Of the room, in one command: the store holds it a second time while it reads it.
constexpr std::size_t share_on_its_way = 16;

}  // namespace

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
    remember(key);
}

void job_feed::remember(const std::string& key) {
    if (!is_done_lately_.insert(key).second) return;
    done_lately_.push_back(key);
    if (done_lately_.size() <= most_remembered) return;
    is_done_lately_.erase(done_lately_.front());
    done_lately_.pop_front();
}

void job_feed::withdraw() {
    if (std::exchange(is_ending_, true)) return;
    must_withdraw_ = true;
    for (const std::string& key : std::exchange(to_add_, {})) {
        if (asked_.erase(key) > 0) withdrawn_.push_back(key);
    }
}

void job_feed::connected(time_point now) {
    place_ = place::outside;
    renews_at_ = now;
}

void job_feed::disconnected() {
    place_ = place::nowhere;
    is_busy_ = is_reading_ = is_renewing_ = is_withdrawing_ = false;
    // Whether it came about is not known. Forgetting does no harm when it is done twice; what may have been
    // added, a worker may hold, who is to say so first.
    added();
    to_forget_.insert(to_forget_.end(), std::make_move_iterator(forgetting_.begin()),
                      std::make_move_iterator(forgetting_.end()));
    forgetting_.clear();
}

void job_feed::entered(time_point now, bool existed) {
    is_busy_ = false;
    place_ = place::catching_up;
    renews_at_ = now + renews_every;
    reads_at_ = now;
    last_entry_.clear();
    put_in_again(now);
    if (existed) return;
    if (std::exchange(goes_on_, false)) adds_at_ = now + grace;
    for (auto& [key, entry] : answered_) entry.clear();
    for (done& each : to_forget_) each.entry.clear();
}

void job_feed::put_in_again(time_point now) {
    again_.clear();
    for (const auto& [key, one] : asked_) {
        if (one.is_in_store) again_.push_back(key);
    }
    // In an order that is the same in every run.
    std::sort(again_.begin(), again_.end());
    again_at_ = now + grace;
}

void job_feed::take_back_adding() {
    for (auto key = adding_.rbegin(); key != adding_.rend(); ++key) {
        const auto found = asked_.find(*key);
        if (found == asked_.end()) continue;
        (found->second.is_in_store ? again_ : to_add_).push_front(*key);
    }
    adding_.clear();
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
    const auto had = answered_.find(answer.key);
    const auto late = unasked_.find(answer.key);
    // Of a store that was lost for a moment all is read again.
    const bool is_same = (had != answered_.end() && had->second == entry) ||
                         (late != unasked_.end() && late->second.entry == entry);
    if (is_same) return;
    // Twice where somebody took over what was only slow, or where a store that was lost was told once more.
    if (had != answered_.end() || late != unasked_.end() || is_done_lately_.contains(answer.key)) {
        to_forget_.push_back({entry, {}});
        return;
    }
    const std::string key = answer.key;
    unasked_.emplace(key, late_answer{entry, std::move(answer.text)});
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
        if (found == asked_.end() || std::exchange(found->second.is_in_store, true)) continue;
        bytes_in_store_ += found->second.text.size();
        // Who else used the memory may be gone.
        room_ = std::min(most_bytes, room_ + found->second.text.size() / regained_share);
    }
}

void job_feed::not_added(time_point now) {
    take_back_adding();
    room_ = bytes_in_store_ - bytes_in_store_ / free_quarter;
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
    // What the store answered while nobody looked has to be known first, or it would be asked once more.
    const bool may_add = place_ == place::inside && adding_.empty() && now >= adds_at_;
    if (may_add) add_more(adds_again(now) ? again_ : to_add_, todo);
    const bool all_told = place_ == place::inside && adding_.empty() && to_add_.empty() && again_.empty();
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

bool job_feed::adds_again(time_point now) const {
    return !again_.empty() && now >= again_at_;
}

void job_feed::add_more(std::deque<std::string>& line, std::vector<feed_errand>& todo) {
    feed_errands::add more;
    more.after = last_entry_;
    std::size_t bytes = 0;
    // What is on its way takes memory there, too.
    const std::size_t most = std::min(bytes_together, std::max(room_ / share_on_its_way, std::size_t{1}));
    while (!line.empty() && more.items.size() < added_together && bytes < most) {
        const auto found = asked_.find(line.front());
        if (found == asked_.end()) {
            line.pop_front();
            continue;
        }
        const std::size_t size = found->second.text.size();
        const bool is_more = !found->second.is_in_store && bytes_in_store_ + bytes > 0;
        if (is_more && bytes_in_store_ + bytes + size > room_) break;
        bytes += size;
        more.items.push_back({found->first, found->second.text});
        adding_.push_back(found->first);
        line.pop_front();
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
    if (!adding_.empty()) return at;
    if (!to_add_.empty() && adds_at_ > now) at = std::min(at, adds_at_);
    const time_point again_at = std::max(adds_at_, again_at_);
    if (!again_.empty() && again_at > now) at = std::min(at, again_at);
    return at;
}

}  // namespace stagger::fleet
