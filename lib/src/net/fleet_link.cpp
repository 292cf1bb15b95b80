#include "net/fleet_link.hpp"

#include <unistd.h>

#include <array>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cmath>
#include <cstdio>
#include <deque>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "base/seconds.hpp"
#include "fleet/seat.hpp"
#include "http/clock.hpp"
#include "net/fleet_store.hpp"
#include "net/gate_access.hpp"
#include "net/slow_answers.hpp"
#include "redis/connection.hpp"

namespace stagger::detail {

namespace asio = boost::asio;
using redis::reply;

namespace {

// Whoever leads is known by an entry that it renews. It is free at once when nobody listens to reports any
// more, since the leader's connection is gone then, unless a new leader has only just begun. The term comes
// from the store's clock, and from what was heard where that has stepped back.
constexpr auto bid_script = R"(
if redis.call('EXISTS', KEYS[1]) == 1 then
  if redis.call('EXISTS', KEYS[2]) == 1 or redis.call('PUBSUB', 'NUMSUB', ARGV[2])[2] > 0 then return {0} end
end
local t = redis.call('TIME')
local term = math.max(t[1] * 1000 + math.floor(t[2] / 1000), tonumber(ARGV[3]) + 1)
term = string.format('%.0f', term)
redis.call('SET', KEYS[1], ARGV[1] .. ':' .. term, 'PX', 1000)
redis.call('SET', KEYS[2], '1', 'PX', 300)
return {term, redis.call('GET', KEYS[3]) or ''})";

constexpr auto renew_script = R"(
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('PEXPIRE', KEYS[1], 1000)
if ARGV[2] ~= '' then redis.call('SET', KEYS[2], ARGV[2], 'EX', 3600) end
redis.call('SET', KEYS[3], ARGV[3], 'EX', 5)
return 1)";

// Reports that reached nobody are told again to the leader that is heard next.
constexpr std::size_t most_undelivered = 256;

std::string per_second(double rate) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.3g/s", rate);
    return text.data();
}

}  // namespace

class fleet_link::worker : public std::enable_shared_from_this<worker> {
 public:
    worker(const gate& target, std::string member, fleet_subject subject, const fleet_options& options,
           std::uint64_t seed)
        : gate_(gate_access::weak(target)),
          member_(std::move(member)),
          subject_(std::move(subject)),
          names_(options.prefix(), subject_.hash),
          notice_(options.on_notice()),
          store_(store_of(options)),
          seat_(target.options(), seed),
          commands_(std::make_shared<redis::connection>(context_.get_executor(), store_.address, store_.tls,
                                                        speaking_)),
          messages_(std::make_shared<redis::connection>(context_.get_executor(), store_.address, store_.tls,
                                                        hearing_)),
          timer_(context_.get_executor()),
          process_(::getpid()) {}

    void start(const gate& target) {
        gate_access::on_fleet_speaks(target, [weak = weak_from_this()](time_point at) {
            if (const auto self = weak.lock()) self->wake_by(at);
        });
        commands_->start();
        messages_->start();
        thread_ = std::thread([self = shared_from_this()] { self->run(); });
    }

    void stop() {
        asio::post(context_, [self = shared_from_this()] { self->end(); });
        if (::getpid() != process_) {
            // The thread stayed with the parent of this process: there is none to wait for, or to let go of.
            [[maybe_unused]] const auto* const parents = new std::thread(std::move(thread_));
        } else if (thread_.get_id() == std::this_thread::get_id()) {
            thread_.detach();
        } else {
            thread_.join();
        }
    }

 private:
    /// Both connections are needed: one speaks, one hears.
    class speaking final : public redis::connection_user {
     public:
        explicit speaking(worker& owner) : owner_(owner) {}
        void on_up() override { owner_.connection_changed(); }
        void on_down(const std::string& problem) override { owner_.lost(problem); }

     private:
        worker& owner_;
    };
    class hearing final : public redis::connection_user {
     public:
        explicit hearing(worker& owner) : owner_(owner) {}
        void on_up() override {
            owner_.messages_->subscribe({owner_.names_.all(), owner_.names_.member(owner_.member_)});
            owner_.connection_changed();
        }
        void on_down(const std::string& problem) override { owner_.lost(problem); }
        void on_message(const std::string& channel, const std::string& text) override {
            owner_.heard(channel, text);
        }

     private:
        worker& owner_;
    };

    void run() {
        {
            const auto work = asio::make_work_guard(context_);
            context_.run();
        }
        // What was stopped comes to its end.
        context_.restart();
        context_.run_for(std::chrono::milliseconds(100));
    }
    void end() {
        is_over_ = true;
        commands_->stop();
        messages_->stop();
        timer_.cancel();
        context_.stop();
    }

    // ---- connections

    void connection_changed() {
        const bool is_whole = commands_->is_up() && messages_->is_up();
        if (!is_whole || std::exchange(is_connected_, true)) return;
        problem_.clear();
        seat_.connected(steady_now());
        drive();
    }
    void lost(const std::string& problem) {
        // What was on its way to the leader may have reached it, or not: it passes over what it knows.
        for (std::string& each : std::exchange(unconfirmed_, {})) keep_undelivered(std::move(each));
        if (std::exchange(is_connected_, false)) seat_.disconnected(steady_now());
        tell_problem(problem);
        drive();
    }
    void tell_problem(const std::string& problem) {
        if (problem == problem_) return;
        problem_ = problem;
        notify("fleet: " + problem);
    }
    void notify(const std::string& text) const {
        if (notice_) notice_(text);
    }

    // ---- the gate

    void wake_by(time_point at) {
        asio::post(context_, [weak = weak_from_this(), at] {
            const auto self = weak.lock();
            if (!self || self->is_over_) return;
            self->speaks_at_ = std::min(self->speaks_at_, at);
            self->set_timer();
        });
    }
    void say(time_point now) {
        const auto target = gate_.lock();
        if (!target) return;
        speaks_at_ = never;
        for (;;) {
            fleet_words said = gate_access::fleet_say(target);
            speaks_at_ = std::min(speaks_at_, said.speaks_at);
            note_state(said.state);
            if (said.text.empty()) break;
            report(std::move(said.text));
        }
        // What was to be said by now was said.
        if (speaks_at_ <= now) speaks_at_ = now + std::chrono::milliseconds(1);
    }
    void note_state(const fleet_state& state) {
        if (state.is_alone == was_alone_) return;
        was_alone_ = state.is_alone;
        if (!was_alone_) return notify("fleet: rejoined");
        notify("fleet: nothing heard of it for 1.0 s: on its own" +
               (state.share_per_s > 0 ? " at " + per_second(state.share_per_s) : std::string()));
    }
    void report(std::string text) {
        if (!is_connected_) return keep_undelivered(std::move(text));
        unconfirmed_.push_back(text);
        commands_->send({"PUBLISH", names_.in(), text}, [this, since = steady_now()](const reply& got) {
            note_answer(steady_now() - since);
            if (unconfirmed_.empty()) return;
            std::string said = std::move(unconfirmed_.front());
            unconfirmed_.pop_front();
            if (got.is_error()) tell_problem(refusal(got));
            if (got.number() > 0) return;
            keep_undelivered(std::move(said));
            seat_.nobody_listens(steady_now());
            drive();
        });
    }
    void note_answer(duration took) {
        if (!slow_answers_.answered(took)) return;
        constexpr double ms = 1000;
        notify("fleet: redis at " + host_and_port(store_.address.target) + " takes " +
               std::to_string(std::lround(ms * to_seconds(took))) + " ms to answer: slots come late");
    }
    void keep_undelivered(std::string text) {
        if (undelivered_.size() == most_undelivered) undelivered_.pop_front();
        undelivered_.push_back(std::move(text));
    }
    void tell_again() {
        for (std::string& each : std::exchange(undelivered_, {})) report(std::move(each));
    }

    // ---- messages

    void heard(const std::string& channel, const std::string& text) {
        const time_point now = steady_now();
        try {
            if (channel == names_.in()) {
                seat_.heard_report(now, text);
            } else {
                heard_leader(now, text);
            }
        } catch (const std::invalid_argument& wrong) {
            tell_problem("a message that makes no sense: " + std::string(wrong.what()));
        }
        drive();
    }
    void heard_leader(time_point now, const std::string& text) {
        const auto said = fleet::parse_from_leader(text);
        if (const auto* beat = std::get_if<fleet::heartbeat>(&said)) {
            seat_.heard_beat(now, *beat);
            tell_again();
        } else {
            seat_.heard_leader(now);
        }
        if (const auto target = gate_.lock()) gate_access::fleet_hear(target, text);
    }

    // ---- the seat

    void drive() {
        if (is_over_) return;
        const time_point now = steady_now();
        say(now);
        for (fleet::errand& each : seat_.next(now)) std::visit([this](auto& one) { run_errand(one); }, each);
        set_timer();
    }
    void set_timer() {
        const time_point at = std::min(speaks_at_, seat_.wakes_at());
        if (at == never) return;
        timer_.expires_at(at);
        timer_.async_wait([weak = weak_from_this()](const error_code& error) {
            const auto self = weak.lock();
            if (self && !error) self->drive();
        });
    }

    void run_errand(const fleet::errands::bid& wanted) {
        const std::vector<std::string> words{"EVAL",        bid_script,     "3",
                                             names_.lead(), names_.young(), names_.limits(),
                                             member_,       names_.in(),    std::to_string(wanted.above)};
        commands_->send(words, [this](const reply& got) { bid_answered(got); });
    }
    void bid_answered(const reply& got) {
        const time_point now = steady_now();
        if (got.is_error()) tell_problem(refusal(got));
        if (got.items.size() < 2) {
            seat_.not_won(now);
            return drive();
        }
        const auto term = static_cast<fleet::term_number>(got.items[0].number());
        std::optional<remembered_limits> known;
        try {
            if (!got.items[1].text.empty()) known = fleet::parse_limits(got.items[1].text);
        } catch (const std::invalid_argument&) {
            // Of a later version perhaps: it is measured again.
        }
        // Members report as soon as they hear of a leader: it listens before it speaks.
        messages_->subscribe({names_.in()}, [this, term, known](const reply&) {
            seat_.won(steady_now(), term, known);
            term_ = term;
            drive();
        });
    }
    void run_errand(const fleet::errands::renew& what) {
        const std::string mine = member_ + ':' + std::to_string(what.term);
        const std::string state = what.state + '\n' + subject_.endpoint + '\n' + subject_.model;
        const std::vector<std::string> words{"EVAL",        renew_script,    "3",
                                             names_.lead(), names_.limits(), names_.state(),
                                             mine,          what.limits,     state};
        commands_->send(words, [this, term = what.term](const reply& got) {
            if (got.is_error()) tell_problem(refusal(got));
            if (!got.is_error() && term == term_) seat_.renewed(steady_now(), got.number() == 1);
            drive();
        });
    }
    void run_errand(const fleet::errands::tell_all& what) {
        commands_->send({"PUBLISH", names_.all(), what.message});
    }
    void run_errand(const fleet::errands::tell& what) {
        commands_->send({"PUBLISH", names_.member(what.member), what.message},
                        [this, member = what.member, term = term_](const reply& got) {
                            if (got.number() > 0 || term != term_) return;
                            seat_.member_gone(steady_now(), member);
                        });
    }
    void run_errand(const fleet::errands::step_down&) { messages_->unsubscribe(names_.in()); }

    std::string refusal(const reply& got) const {
        // Behind it stands which line of a script it was.
        const std::string said = got.text.substr(0, got.text.find(". script:"));
        const std::string where = "redis at " + host_and_port(store_.address.target) + ": ";
        if (!said.starts_with("NOPERM")) return where + said;
        return where + (store_.address.user.empty() ? "the user" : "user " + store_.address.user) +
               " lacks a right: " + said;
    }

    asio::io_context context_{1};
    const gate_access::weak_gate gate_;
    const std::string member_;
    const fleet_subject subject_;
    const fleet_names names_;
    const std::function<void(const std::string&)> notice_;
    const fleet_store store_;
    fleet::seat seat_;
    fleet::term_number term_ = 0;
    speaking speaking_{*this};
    hearing hearing_{*this};
    const std::shared_ptr<redis::connection> commands_;
    const std::shared_ptr<redis::connection> messages_;
    io_timer timer_;
    slow_answers slow_answers_;
    const ::pid_t process_;
    std::thread thread_;

    bool is_over_ = false;
    bool is_connected_ = false;
    bool was_alone_ = false;
    std::string problem_;
    time_point speaks_at_ = time_point::min();
    std::deque<std::string> unconfirmed_;  // reports on their way
    std::deque<std::string> undelivered_;
};

fleet_link::fleet_link(const gate& target, const std::string& member, fleet_subject subject,
                       const fleet_options& options, std::uint64_t seed)
    : worker_(std::make_shared<worker>(target, member, std::move(subject), options, seed)) {
    worker_->start(target);
}

fleet_link::~fleet_link() {
    worker_->stop();
}

}  // namespace stagger::detail
