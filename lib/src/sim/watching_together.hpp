#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "sim/simulation.hpp"

namespace stagger::sim {

/// Several observers of one run. Those added must outlive it.
class watching_together final : public observer {
 public:
    void add(observer& watcher) { watchers_.push_back(&watcher); }
    /// Who is told the decisions of the first client's coordinator.
    void record_to(std::shared_ptr<decision_recorder> recorder) { recorder_ = std::move(recorder); }

    void sent(time_point now, std::size_t client, std::uint64_t request) override {
        for (observer* each : watchers_) each->sent(now, client, request);
    }
    void arrived(time_point now, std::size_t client, std::uint64_t request, unsigned status) override {
        for (observer* each : watchers_) each->arrived(now, client, request, status);
    }
    void left_queue(time_point now, std::size_t client, std::uint64_t request, unsigned status) override {
        for (observer* each : watchers_) each->left_queue(now, client, request, status);
    }
    void came_back(time_point now, std::size_t client, std::uint64_t request,
                   time_point not_before) override {
        for (observer* each : watchers_) each->came_back(now, client, request, not_before);
    }
    void ended(time_point now, std::size_t client, std::uint64_t request, bool succeeded) override {
        for (observer* each : watchers_) each->ended(now, client, request, succeeded);
    }
    void settled(time_point now, std::size_t client, const coordinator& core) override {
        for (observer* each : watchers_) each->settled(now, client, core);
    }
    std::shared_ptr<decision_recorder> recorder(std::size_t client) override {
        return client == 0 ? recorder_ : nullptr;
    }

 private:
    std::vector<observer*> watchers_;
    std::shared_ptr<decision_recorder> recorder_;
};

}  // namespace stagger::sim
