#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "fleet/job_feed.hpp"
#include "fleet/job_work.hpp"

/// A store of one job as the scripts make it of a Redis, in virtual time and without a network.
class model_job_store {
 public:
    using time_point = stagger::time_point;
    using job_item = stagger::fleet::job_item;
    using job_state = stagger::fleet::job_state;

    std::size_t taken_over = 0;

    void wipe() {
        const auto kept = taken_over;
        const auto number = next_entry_;
        *this = {};
        taken_over = kept;
        next_entry_ = number;
    }

    /// @return whether the job was there
    bool enter() { return std::exchange(has_job_, true); }
    bool has_job() const { return has_job_; }
    void add(const stagger::fleet::feed_errands::add& more) {
        std::set<std::string> answered;
        for (auto each = results_.upper_bound(more.after); each != results_.end(); ++each)
            answered.insert(each->second.key);
        for (const job_item& each : more.items) {
            if (answered.contains(each.key)) continue;
            if (items_.emplace(each.key, each.text).second && !owners_.contains(each.key))
                queue_.push_back(each.key);
        }
    }
    std::vector<std::pair<std::string, job_item>> read(const std::string& after, std::size_t most) const {
        std::vector<std::pair<std::string, job_item>> found;
        for (auto each = results_.upper_bound(after); each != results_.end() && found.size() < most; ++each)
            found.push_back(*each);
        return found;
    }
    bool has_answer(const std::string& key) const {
        return std::any_of(results_.begin(), results_.end(),
                           [&](const auto& each) { return each.second.key == key; });
    }
    void forget(const stagger::fleet::feed_errands::forget& what) {
        for (const std::string& each : what.entries) results_.erase(each);
        for (const std::string& each : what.keys) {
            if (items_.erase(each) > 0) owners_.erase(each);
        }
    }
    std::vector<std::string> withdraw() {
        std::vector<std::string> back;
        for (const std::string& key : std::exchange(queue_, {})) {
            if (!owners_.contains(key) && items_.erase(key) > 0) back.push_back(key);
        }
        return back;
    }
    void finish_job() {
        wipe();
        is_done_ = true;
    }

    job_state state() const {
        if (is_done_) return job_state::done;
        return has_job_ ? job_state::open : job_state::absent;
    }
    bool knows(const std::string& worker) const { return workers_.contains(worker); }
    void hold(time_point now, const std::string& worker, const std::vector<std::string>& keys) {
        workers_[worker] = now + stagger::fleet::job_work::held_for;
        const std::set<std::string> held(keys.begin(), keys.end());
        for (const auto& [key, owner] : std::map(owners_)) {
            if (owner == worker && !held.contains(key)) put_back(key);
        }
        for (const std::string& each : keys) owners_.emplace(each, worker);
    }
    bool renew(time_point now, const std::string& worker) {
        if (!knows(worker)) return false;
        workers_[worker] = now + stagger::fleet::job_work::held_for;
        return true;
    }
    std::vector<job_item> take(time_point now, const std::string& worker, std::size_t count) {
        take_from_gone(now, worker);
        std::vector<job_item> got;
        while (knows(worker) && got.size() < count && !queue_.empty()) {
            const std::string key = queue_.front();
            queue_.pop_front();
            const auto found = items_.find(key);
            if (found == items_.end() || owners_.contains(key)) continue;
            owners_[key] = worker;
            got.push_back({key, found->second});
        }
        return got;
    }
    void finish(const std::string& worker, const std::vector<job_item>& answers) {
        for (const job_item& each : answers) {
            std::string entry = std::to_string(1'000'000 + next_entry_++);
            results_.emplace(std::move(entry), each);
            items_.erase(each.key);
            const auto owner = owners_.find(each.key);
            if (owner != owners_.end() && owner->second == worker) owners_.erase(owner);
        }
    }
    void give_back(const std::string& worker, const std::vector<std::string>& keys) {
        for (const std::string& each : keys) {
            const auto owner = owners_.find(each);
            if (owner != owners_.end() && owner->second == worker) put_back(each);
        }
    }
    void leave(const std::string& worker) { workers_.erase(worker); }

 private:
    void put_back(const std::string& key) {
        if (items_.contains(key)) queue_.push_front(key);
        owners_.erase(key);
    }
    void take_from_gone(time_point now, const std::string& by) {
        const auto before = workers_.size();
        std::erase_if(workers_, [&](const auto& each) { return each.second <= now && each.first != by; });
        if (workers_.size() == before) return;
        for (const auto& [key, owner] : std::map(owners_)) {
            if (workers_.contains(owner)) continue;
            taken_over += items_.contains(key) ? 1 : 0;
            put_back(key);
        }
    }

    bool has_job_ = false;
    bool is_done_ = false;
    std::map<std::string, std::string> items_;
    std::deque<std::string> queue_;
    std::map<std::string, std::string> owners_;
    std::map<std::string, time_point> workers_;
    std::map<std::string, job_item> results_;
    std::size_t next_entry_ = 0;
};
