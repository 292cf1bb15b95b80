#include "sim/clairvoyant.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "provider/model.hpp"
#include "sim/event_queue.hpp"
#include "sim/request_sequence.hpp"
#include "sim/seeds.hpp"

namespace stagger::sim {

namespace {

struct caller {
    const provider::client_description* what;
    std::string name;
    std::uint64_t to_send;
    unsigned in_flight = 0;
    request_sequence requests;
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
    best_caller(const provider::scenario& scenario, std::uint64_t seed,
                const std::vector<std::uint64_t>& answers)
        : model_(without_queues(scenario.provider), model_seed(seed), start_of_time),
          half_way_(scenario.provider.rtt / 2) {
        for (std::size_t each = 0; each < scenario.clients.size(); ++each) {
            const provider::client_description& what = scenario.clients[each];
            callers_.push_back({&what, client_name(each), answers[each], 0,
                                request_sequence(scenario, each, seed), start_of_time + what.start});
        }
    }

    duration makespan() {
        time_point first = never;
        for (const caller& each : callers_) first = std::min(first, each.begins);
        for (now_ = first + half_way_; caller* next = next_caller();) send(*next);
        return std::max(duration::zero(), last_answer_ - first);
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
        drawn_request next = by.requests.next();
        while (next.never_answered) next = by.requests.next();
        const provider::arrival what{by.name, next.tokens, next.model};
        while (true) {
            const time_point admitted = model_.earliest_admission(now_, what);
            if (admitted > now_) {
                advance(std::min({admitted, model_.next_change(), steps_.next_at()}));
                continue;
            }
            const provider::decision answer = model_.arrive(now_, what);
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
    std::vector<std::uint64_t> answers;
    answers.reserve(scenario.clients.size());
    for (std::size_t each = 0; each < scenario.clients.size(); ++each) {
        answers.push_back(answerable_requests(scenario, each));
    }
    return clairvoyant_makespan(scenario, seed, answers);
}

duration clairvoyant_makespan(const provider::scenario& scenario, std::uint64_t seed,
                              const std::vector<std::uint64_t>& answers) {
    return best_caller(scenario, seed, answers).makespan();
}

}  // namespace stagger::sim
