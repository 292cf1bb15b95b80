#include "sim/simulation.hpp"

#include <algorithm>
#include <functional>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/slot_map.hpp"
#include "coordinator/kind_numbers.hpp"
#include "provider/arrival_peak.hpp"
#include "provider/draw.hpp"
#include "provider/model.hpp"
#include "sim/clairvoyant.hpp"
#include "sim/event_queue.hpp"
#include "sim/request_sequence.hpp"
#include "sim/seeds.hpp"
#include "sim/span_histogram.hpp"
#include "sim/throttling_status.hpp"
#include "sim/warm_start.hpp"

namespace stagger::sim {

namespace {

/// A client's request, from its submission to its end.
struct request {
    drawn_request drawn;
    unsigned failed_attempts = 0;
    duration previous_wait{0};
    verdict previous_end = verdict::ok;  ///< of its last failed attempt
    time_point first_sent = never;
    refusal_history refused;
};

/// A request on its way, at the server, or on its way back.
struct attempt {
    std::size_t client = 0;
    permit_id permit{};
    request what;
    duration way_back{};
    provider::request_id id{};
    unsigned status = 0;  ///< 0 until the server has answered
    bool refused_by_chance = false;
    duration service{};
    hints said;
};

using attempt_key = slot_map<attempt>::key;

struct event {
    enum class kind { wake, arrive, leave, answer, queue } what;
    std::uint64_t which = 0;  ///< a client, or an attempt
};

struct client {
    client(const provider::scenario& scenario, const policy& by, std::uint64_t seed, std::size_t index,
           observer& watching)
        : description(scenario.clients[index]),
          name(client_name(index)),
          core(options(scenario, description, by).recorder(watching.recorder(index)),
               coordinator_seed(seed, index)),
          requests(scenario, index, seed),
          backoff(backoff_seed(seed, index)),
          allowance(by.allowance),
          unfinished(answerable_requests(scenario, index)) {}

    static coordinator_options options(const provider::scenario& scenario,
                                       const provider::client_description& given, const policy& by) {
        coordinator_options chosen = by.coordination;
        chosen.max_in_flight(given.concurrency).requests_per_minute(given.rpm).tokens_per_minute(given.tpm);
        const auto learned = given.warm ? what_was_learned(scenario.provider, given) : std::nullopt;
        if (learned) chosen.remembered(*learned);
        if (chosen.pacing() == pacing_kind::fixed_rate && given.rpm == 0) tell_rate(chosen, scenario, given);
        return chosen;
    }

    /// Who paces at a fixed rate knows his share of what the provider admits; where that is everything, there
    /// is nothing to pace.
    static void tell_rate(coordinator_options& chosen, const provider::scenario& scenario,
                          const provider::client_description& given) {
        if (const auto limit = what_was_learned(scenario.provider, given)) {
            chosen.requests_per_minute(60 * limit->rate_per_s / static_cast<double>(scenario.clients.size()));
        } else {
            chosen.pacing(pacing_kind::unpaced);
        }
    }

    const provider::client_description& description;
    std::string name;
    coordinator core;
    request_sequence requests;
    kind_numbers kinds;
    random_source backoff;
    retry_allowance allowance;
    std::unordered_map<task_id, request> waiting;
    std::uint64_t submitted = 0;
    std::uint64_t first_attempts_waiting = 0;
    std::uint64_t unfinished;  ///< of those that the server would answer
    std::uint64_t succeeded = 0;
    std::uint64_t succeeded_beside_all = 0;  ///< while every client was active
    time_point armed = never;
    bool shut_out = false;  ///< its last arrival was refused
};

hints as_hints(const provider::decision& said) {
    hints result;
    result.retry_after = said.retry_after;
    result.overloaded = said.status == 503 || said.status == 529;
    for (const provider::limit_report& each : said.headers) {
        limit_hint& target = each.counts == provider::unit::requests ? result.requests : result.tokens;
        target = {each.limit, each.remaining, each.reset};
    }
    return result;
}

class simulation {
 public:
    simulation(const provider::scenario& scenario, const policy& by, std::uint64_t seed, observer* watching)
        : scenario_(scenario),
          policy_(by),
          watching_(watching ? watching : &nobody_),
          model_(scenario.provider, model_seed(seed), start_of_time),
          network_(network_seed(seed)) {
        clients_.reserve(scenario.clients.size());
        for (std::size_t each = 0; each < scenario.clients.size(); ++each) {
            clients_.emplace_back(scenario, by, seed, each, *watching_);
            const time_point begins = start_of_time + scenario.clients[each].start;
            first_start_ = std::min(first_start_, begins);
            last_start_ = std::max(last_start_, begins);
            arrivals_left_ += most_arrivals_per_request * scenario.clients[each].requests;
            answerable_left_ += clients_[each].unfinished;
            result_.unanswerable += scenario.clients[each].requests - clients_[each].unfinished;
            clients_[each].armed = begins;
            events_.schedule(begins, {event::kind::wake, each});
        }
    }

    measures run(std::uint64_t seed) {
        // Where all that is left is never answered, nobody waits for it.
        while (!events_.empty() && arrivals_left_ > 0 &&
               (answerable_left_ > 0 || result_.unanswerable == 0)) {
            const auto next = events_.take();
            now_ = next.at;
            handle(next.what);
        }
        if (answerable_left_ > 0) give_up();
        result_.peak_10ms = in_10ms_.most();
        result_.peak_1s = in_1s_.most();
        result_.p99_retry_wait_s = retry_waits_.quantile_s(0.99);
        result_.makespan_s = to_seconds(std::max(duration::zero(), last_end_ - first_start_));
        result_.aggregate_goodput_per_s = aggregate_goodput();
        result_.waste_per_100 = 100 * static_cast<double>(result_.rejected) /
                                std::max(1.0, static_cast<double>(result_.succeeded));
        if (result_.makespan_s > 0) {
            result_.efficiency = to_seconds(best_makespan(seed)) / result_.makespan_s;
        }
        result_.jain = jain_index();
        return result_;
    }

 private:
    void handle(const event& what) {
        switch (what.what) {
            case event::kind::wake:
                return wake(what.which);
            case event::kind::arrive:
                return arrive(what.which);
            case event::kind::leave:
                return leave(what.which);
            case event::kind::answer:
                return answer(what.which);
            case event::kind::queue:
                return look_at_queue();
        }
    }

    // ---- the client's side

    void wake(std::size_t index) {
        client& who = clients_[index];
        if (who.armed != now_) return;  // another event came first and moved the timer
        who.armed = never;
        drive(index);
    }

    void drive(std::size_t index) {
        client& who = clients_[index];
        while (true) {
            hand_over(who);
            const action todo = who.core.next(now_);
            if (todo.what == action::kind::admit) {
                send(index, todo);
                continue;
            }
            if (todo.what == action::kind::wait && todo.at < who.armed) {
                who.armed = todo.at;
                events_.schedule(todo.at, {event::kind::wake, index});
            }
            break;
        }
        watching_->settled(now_, index, who.core);
    }

    /// Keeps some first attempts in the line and announces the others.
    void hand_over(client& who) {
        constexpr std::uint64_t at_once = 64;
        if (who.first_attempts_waiting > 0 || who.submitted == who.description.requests) return;
        for (; who.first_attempts_waiting < at_once && who.submitted < who.description.requests;
             ++who.first_attempts_waiting) {
            request fresh;
            fresh.drawn = who.requests.next();
            ++who.submitted;
            const task_id task = who.core.submit(now_, cost_of(who, fresh), never, kind_of(who, fresh));
            who.waiting.emplace(task, fresh);
        }
        who.core.expect(who.description.requests - who.submitted);
    }

    /// Requests of one model are alike, as they are to a client.
    static task_kind kind_of(client& who, const request& what) {
        const std::string_view model = what.drawn.model;
        return model.empty() ? task_kind{} : who.kinds.number_of(std::hash<std::string_view>{}(model));
    }
    static cost cost_of(const client& who, const request& what) {
        return {1, what.drawn.known_tokens(who.description)};
    }

    void send(std::size_t index, const action& admitted) {
        client& who = clients_[index];
        auto found = who.waiting.extract(admitted.task);
        attempt sending;
        sending.client = index;
        sending.permit = admitted.permit;
        sending.what = found.mapped();
        if (sending.what.first_sent == never) {
            sending.what.first_sent = now_;
            --who.first_attempts_waiting;
        }
        const duration trip = provider::draw_rtt(scenario_.provider, network_);
        sending.way_back = trip - trip / 2;
        watching_->sent(now_, index, sending.what.drawn.number);
        events_.schedule(now_ + trip / 2, {event::kind::arrive, attempts_.insert(sending)});
    }

    void answer(attempt_key key) {
        attempt done = *attempts_.find(key);
        attempts_.erase(key);
        client& who = clients_[done.client];
        if (done.status == 200) {
            who.core.accepted(now_, done.permit, done.said);
            ++result_.succeeded;
            ++who.succeeded;
            if (now_ >= last_start_ && first_finish_ == never) ++who.succeeded_beside_all;
            retry_waits_.add(now_ - done.what.first_sent - done.service);
            who.allowance.succeeded(done.what.previous_end);
            end(who, done, true);
        } else if (is_throttling(done.status)) {
            count_rejection(done);
            const time_point told = who.core.throttled(now_, done.permit, done.said, done.what.refused);
            come_back(who, done, policy_.obeys_retry_after ? told : now_, retry_cause::throttled);
        } else {
            if (is_rejection(done.status)) {
                count_rejection(done);
            } else {
                ++result_.failed;
            }
            who.core.failed(now_, done.permit);
            come_back(who, done, now_, retry_cause::accident);
        }
        drive(done.client);
    }

    void count_rejection(const attempt& done) {
        ++result_.rejected;
        if (done.refused_by_chance) ++result_.refused_by_chance;
    }

    void come_back(client& who, const attempt& done, time_point allowed, retry_cause cause) {
        request again = done.what;
        ++again.failed_attempts;
        retry_state state;
        state.attempts = again.failed_attempts;
        state.last_wait = again.previous_wait;
        state.judged.verdict = cause == retry_cause::throttled ? verdict::throttled : verdict::transient;
        state.judged.retry_after = done.said.retry_after;
        const bool used_up = policy_.max_attempts > 0 && again.failed_attempts >= policy_.max_attempts;
        if (used_up || again.refused.own || !who.allowance.allows(state.judged)) {
            if (!done.what.drawn.never_answered) ++result_.lost;
            return end(who, done, false);
        }
        again.previous_end = state.judged.verdict;
        if (cause == retry_cause::accident || (policy_.backs_off_when_throttled && allowed <= now_)) {
            again.previous_wait = policy_.backoff.next(state, who.backoff);
            allowed = std::max(allowed, now_ + again.previous_wait);
        }
        watching_->came_back(now_, done.client, again.drawn.number, allowed);
        const task_id task = who.core.resubmit(now_, cost_of(who, again), never, allowed, cause,
                                               kind_of(who, again), again.refused);
        who.waiting.emplace(task, again);
    }

    void end(client& who, const attempt& done, bool succeeded) {
        watching_->ended(now_, done.client, done.what.drawn.number, succeeded);
        if (done.what.drawn.never_answered) return;
        last_end_ = now_;
        --answerable_left_;
        if (--who.unfinished == 0 && first_finish_ == never) first_finish_ = now_;
    }

    void give_up() {
        for (const client& each : clients_) result_.lost += each.unfinished;
        last_end_ = now_;
    }

    // ---- the server's side

    void arrive(attempt_key key) {
        attempt& arriving = *attempts_.find(key);
        client& who = clients_[arriving.client];
        --arrivals_left_;
        in_10ms_.add(now_);
        in_1s_.add(now_);
        const drawn_request& what = arriving.what.drawn;
        const provider::decision decided =
            model_.arrive(now_, {who.name, what.tokens, what.model, what.unwanted});
        const bool queued = decided.what == provider::decision::kind::queue;
        watching_->arrived(now_, arriving.client, what.number, queued ? 0 : decided.status);
        arriving.id = decided.id;
        if (queued) {
            queued_.emplace(decided.id, key);
        } else {
            decide(key, decided);
        }
        schedule_queue();
    }

    void decide(attempt_key key, const provider::decision& decided) {
        attempt& answered = *attempts_.find(key);
        client& who = clients_[answered.client];
        const bool rejected = decided.what == provider::decision::kind::reject;
        const bool turned_away = rejected && decided.refused_by != provider::refusal_cause::limits;
        const bool refused = rejected && !turned_away;
        if (refused && !who.shut_out && scenario_.provider.lockout_silence > duration::zero())
            ++result_.lockouts;
        if (!turned_away) who.shut_out = refused;
        answered.status = decided.status;
        answered.refused_by_chance = rejected && decided.refused_by == provider::refusal_cause::chance;
        answered.said = as_hints(decided);
        answered.service = decided.service;
        const bool holds_place =
            decided.what == provider::decision::kind::admit && model_.departures_matter();
        if (holds_place) {
            events_.schedule(now_ + decided.service, {event::kind::leave, key});
        } else {
            events_.schedule(now_ + decided.service + answered.way_back, {event::kind::answer, key});
        }
    }

    void leave(attempt_key key) {
        const attempt& leaving = *attempts_.find(key);
        model_.depart(now_, leaving.id);
        events_.schedule(now_ + leaving.way_back, {event::kind::answer, key});
        look_at_queue();
    }

    void look_at_queue() {
        if (queue_look_at_ == now_) queue_look_at_ = never;
        for (const provider::queue_event& each : model_.events_until(now_)) {
            const auto found = queued_.extract(each.id);
            if (found.empty()) continue;
            const attempt& leaving = *attempts_.find(found.mapped());
            watching_->left_queue(now_, leaving.client, leaving.what.drawn.number, each.outcome.status);
            decide(found.mapped(), each.outcome);
        }
        schedule_queue();
    }

    void schedule_queue() {
        const time_point at = std::max(now_, model_.next_event());
        if (at == never || at >= queue_look_at_) return;
        queue_look_at_ = at;
        events_.schedule(at, {event::kind::queue, 0});
    }

    /// For as many requests as succeeded: whoever loses some is not faster by that.
    duration best_makespan(std::uint64_t seed) const {
        if (result_.lost == 0) return clairvoyant_makespan(scenario_, seed);
        std::vector<std::uint64_t> answered;
        answered.reserve(clients_.size());
        for (const client& each : clients_) answered.push_back(each.succeeded);
        return clairvoyant_makespan(scenario_, seed, answered);
    }

    /// While every client is active; over the whole run where they never are together.
    double aggregate_goodput() const {
        const duration together = std::min(first_finish_, last_end_) - last_start_;
        if (together <= duration::zero()) {
            return result_.makespan_s > 0 ? static_cast<double>(result_.succeeded) / result_.makespan_s : 0;
        }
        std::uint64_t succeeded = 0;
        for (const client& each : clients_) succeeded += each.succeeded_beside_all;
        return static_cast<double>(succeeded) / to_seconds(together);
    }

    double jain_index() const {
        double sum = 0;
        double squares = 0;
        for (const client& each : clients_) {
            const auto goodput = static_cast<double>(each.succeeded_beside_all);
            sum += goodput;
            squares += goodput * goodput;
        }
        return squares > 0 ? sum * sum / (static_cast<double>(clients_.size()) * squares) : 1;
    }

    const provider::scenario& scenario_;
    const policy& policy_;
    observer nobody_;
    observer* watching_;
    provider::model model_;
    random_source network_;
    std::vector<client> clients_;
    slot_map<attempt> attempts_;
    std::unordered_map<provider::request_id, attempt_key> queued_;
    event_queue<event> events_;
    time_point now_ = start_of_time;
    time_point queue_look_at_ = never;
    time_point first_start_ = never;
    time_point last_start_ = start_of_time;
    time_point last_end_ = start_of_time;
    time_point first_finish_ = never;
    std::uint64_t arrivals_left_ = 0;
    std::uint64_t answerable_left_ = 0;
    provider::arrival_peak in_10ms_{std::chrono::milliseconds(10)};
    provider::arrival_peak in_1s_{std::chrono::seconds(1)};
    span_histogram retry_waits_;
    measures result_;
};

}  // namespace

measures run(const provider::scenario& scenario, const policy& by, std::uint64_t seed, observer* watching) {
    simulation running(scenario, by, seed, watching);
    return running.run(seed);
}

}  // namespace stagger::sim
