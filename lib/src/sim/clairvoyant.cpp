#include "sim/clairvoyant.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "provider/draw.hpp"
#include "provider/model.hpp"
#include "sim/event_queue.hpp"
#include "sim/seeds.hpp"

namespace stagger::sim {

namespace {

constexpr time_point start_of_time{};

struct caller {
    const provider::client_description* what;
    std::string name;
    std::uint64_t to_send;
    unsigned in_flight = 0;
    random_source tokens;
    time_point begins;
};

/// Who knows when a place is free needs no queue.
provider::provider_description without_queues(provider::provider_description server) {
    const auto strike = [](std::vector<provider::limit>& limits) {
        for (provider::limit& each : limits) {
            if (auto* found = std::get_if<provider::concurrency_limit>(&each)) found->queue = 0;
        }
    };
    strike(server.limits);
    for (provider::limits_change& each : server.changes) strike(each.limits);
    return server;
}

class best_caller {
 public:
    best_caller(const provider::scenario& scenario, std::uint64_t seed)
        : model_(without_queues(scenario.provider), model_seed(seed), start_of_time),
          half_way_(scenario.provider.rtt / 2) {
        for (std::size_t each = 0; each < scenario.clients.size(); ++each) {
            const provider::client_description& what = scenario.clients[each];
            callers_.push_back({&what, client_name(each), what.requests, 0,
                                random_source(token_seed(seed, each)), start_of_time + what.start});
        }
    }

    duration makespan() {
        time_point first = never;
        for (const caller& each : callers_) first = std::min(first, each.begins);
        for (now_ = first + half_way_; caller* next = next_caller();) send(*next);
        return last_answer_ - first;
    }

 private:
    /// An admitted request leaves the server, then its answer reaches the caller.
    struct step {
        enum class kind { leaves, answered } what;
        provider::request_id id;
        std::size_t caller;
    };

    /// Advances to when somebody may send; null when all is sent.
    caller* next_caller() {
        while (true) {
            bool anything_left = false;
            time_point begins = never;
            for (std::size_t turn = 0; turn < callers_.size(); ++turn) {
                caller& each = callers_[(turn_ + turn) % callers_.size()];
                if (each.to_send == 0) continue;
                anything_left = true;
                if (each.begins + half_way_ > now_) {
                    begins = std::min(begins, each.begins + half_way_);
                } else if (each.in_flight < each.what->concurrency) {
                    turn_ = (turn_ + turn) % callers_.size();
                    return &each;
                }
            }
            if (!anything_left) return nullptr;
            advance(std::min(begins, steps_.next_at()));
        }
    }

    void send(caller& by) {
        const double tokens = provider::draw_tokens(by.what->tokens, by.tokens);
        while (true) {
            const time_point admitted = model_.earliest_admission(now_, by.name, tokens);
            if (admitted > now_) {
                advance(std::min({admitted, model_.next_change(), steps_.next_at()}));
                continue;
            }
            const provider::decision answer = model_.arrive(now_, by.name, tokens);
            if (answer.what != provider::decision::kind::admit) {
                // What was drawn, an error or a refusal: at once again.
                const bool drawn = answer.what == provider::decision::kind::fail ||
                                   answer.refused_by != provider::refusal_cause::limits;
                if (!drawn) advance(now_ + std::chrono::milliseconds(1));
                continue;
            }
            const std::size_t index = static_cast<std::size_t>(&by - callers_.data());
            const time_point leaves = now_ + answer.service;
            if (model_.departures_matter()) steps_.schedule(leaves, {step::kind::leaves, answer.id, index});
            steps_.schedule(leaves + 2 * half_way_, {step::kind::answered, answer.id, index});
            last_answer_ = std::max(last_answer_, leaves + half_way_);
            break;
        }
        --by.to_send;
        ++by.in_flight;
        turn_ = (turn_ + 1) % callers_.size();
    }

    void advance(time_point to) {
        while (steps_.next_at() <= to) {
            const auto done = steps_.take();
            now_ = std::max(now_, done.at);
            if (done.what.what == step::kind::leaves) {
                model_.depart(done.at, done.what.id);
            } else {
                --callers_[done.what.caller].in_flight;
            }
        }
        now_ = std::max(now_, to);
    }

    provider::model model_;
    duration half_way_;
    std::vector<caller> callers_;
    std::size_t turn_ = 0;
    event_queue<step> steps_;
    time_point now_{};
    time_point last_answer_{};
};

}  // namespace

duration clairvoyant_makespan(const provider::scenario& scenario, std::uint64_t seed) {
    return best_caller(scenario, seed).makespan();
}

}  // namespace stagger::sim
