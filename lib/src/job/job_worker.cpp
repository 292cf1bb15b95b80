#include "job/job_worker.hpp"

#include <algorithm>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <variant>

#include "base/utf8.hpp"
#include "http/clock.hpp"
#include "job/job_scripts.hpp"

namespace stagger::job {

namespace asio = boost::asio;

namespace {

// Taken beyond what is in flight, however slow it goes: what goes next must be there when it may.
constexpr std::size_t least_ahead = 8;
// Of what a decision log calls a prompt.
constexpr std::size_t longest_label = 256;
// How often it is looked how much is in flight, while something waits.
constexpr duration counts_flight_every = std::chrono::milliseconds(50);
// For a job that nobody feeds yet.
constexpr duration joins_every = std::chrono::milliseconds(250);

std::string lease_ms() {
    const auto span = std::chrono::duration_cast<std::chrono::milliseconds>(fleet::job_work::held_for);
    return std::to_string(span.count());
}

}  // namespace

class job_worker::source final : public prompt_source {
 public:
    explicit source(std::shared_ptr<job_worker> owner) : owner_(std::move(owner)) {}

    asio::awaitable<std::optional<batch_prompt>> read(error_code& error) override {
        error = {};
        constexpr auto token = asio::as_tuple(asio::deferred);
        for (;;) {
            if (auto prompt = owner_->next_prompt()) co_return prompt;
            if (owner_->work_.is_done() || owner_->is_leaving_ || owner_->is_over_) co_return std::nullopt;
            const auto [stopped] = co_await owner_->bell_.async_receive(token);
            if (stopped) co_return std::nullopt;
        }
    }

 private:
    const std::shared_ptr<job_worker> owner_;
};

class job_worker::sink final : public batch::result_output {
 public:
    explicit sink(std::shared_ptr<job_worker> owner) : owner_(std::move(owner)) {}

    const batch::recorded_prompts& recorded() const override { return nothing_; }
    /// Position, a blank, and the answer.
    std::string line_of(const batch_result& result) const override {
        return std::to_string(result.position) + ' ' + format_answer(result.error, result.answer);
    }
    asio::awaitable<written> write_lines(std::string lines) override {
        written done;
        std::string_view rest = lines;
        while (!rest.empty()) {
            const auto line = rest.substr(0, rest.find('\n'));
            owner_->take_line(line);
            rest.remove_prefix(std::min(rest.size(), line.size() + 1));
            ++done.lines;
        }
        kept_ += done.lines;
        owner_->drive();
        co_return done;
    }
    error_code sync_if_due(time_point) override { return {}; }
    error_code sync() override { return {}; }
    std::size_t lines_kept() const override { return kept_; }

 private:
    const std::shared_ptr<job_worker> owner_;
    batch::recorded_prompts nothing_;
    std::size_t kept_ = 0;
};

job_worker::job_worker(const io_executor& executor, const fleet_options& fleet, const std::string& job,
                       std::string name, worker_notices notices)
    : executor_(executor),
      job_(job),
      name_(std::move(name)),
      notices_(std::move(notices)),
      store_(executor_, fleet, job, *this),
      timer_(executor_),
      bell_(executor_, 1),
      started_at_(steady_now()) {}

void job_worker::start() {
    started_at_ = steady_now();
    store_.start();
}

void job_worker::stop() {
    is_over_ = true;
    timer_.cancel();
    store_.stop();
    bell_.try_send(error_code());
}

std::unique_ptr<prompt_source> job_worker::prompts() {
    return std::make_unique<source>(shared_from_this());
}

std::unique_ptr<batch::result_output> job_worker::output() {
    return std::make_unique<sink>(shared_from_this());
}

// ---- joining

asio::awaitable<std::optional<description>> job_worker::join() {
    const auto self = shared_from_this();
    io_timer pause(executor_);
    while (!about_ && !is_over_) {
        if (is_up_) look();
        pause.expires_after(joins_every);
        co_await pause.async_wait(with_error);
    }
    if (is_over_) co_return std::nullopt;
    is_joined_ = true;
    if (is_up_) work_.connected(steady_now());
    drive();
    co_return about_;
}

void job_worker::look() {
    store_.run(scripts::look, {}, [this](const job_store::outcome& got) {
        if (got.value.items.empty() || about_) return;
        const std::string& text = got.value.items[0].text;
        if (text.empty()) {
            if (!std::exchange(told_absent_, true))
                notices_.remark("job " + job_ + ": nobody feeds it yet; waiting");
            return;
        }
        try {
            about_ = parse_description(text);
        } catch (const std::invalid_argument& wrong) {
            fail(wrong.what());
        }
    });
}

// ---- the batch

std::optional<batch_prompt> job_worker::next_prompt() {
    while (!ready_.empty()) {
        const fleet::job_item item = std::move(ready_.front());
        ready_.pop_front();
        if (is_leaving_) {
            work_.give_back(item.key, false);
            continue;
        }
        batch_prompt prompt;
        prompt.position = next_position_++;
        keys_.emplace(prompt.position, item.key);
        try {
            question what = parse_question(item.text);
            prompt.custom_id = std::move(what.custom_id);
            auto request = completion_request::from_body(std::move(what.body));
            if (!what.model.empty()) request.model(std::move(what.model));
            std::string label;
            wire::append_as_utf8(label, std::string_view(prompt.custom_id).substr(0, longest_label));
            request.label(std::move(label));
            prompt.request = std::move(request);
        } catch (const std::invalid_argument& wrong) {
            prompt.problem = wrong.what();
        }
        return prompt;
    }
    return std::nullopt;
}

void job_worker::take_line(std::string_view line) {
    const auto blank = line.find(' ');
    const auto found = keys_.find(std::stoul(std::string(line.substr(0, blank))));
    if (found == keys_.end()) return;
    work_.answered({std::move(found->second), std::string(line.substr(blank + 1))});
    keys_.erase(found);
    ++ended_;
}

void job_worker::give_back(const batch_result& result) {
    const auto found = keys_.find(result.position);
    if (found == keys_.end()) return;
    work_.give_back(found->second, result.answer.info.attempts > 0);
    keys_.erase(found);
    drive();
}

asio::awaitable<void> job_worker::leave() {
    const auto self = shared_from_this();
    is_leaving_ = true;
    static_cast<void>(next_prompt());  // all that is left of them goes back
    for (const auto& [position, key] : keys_) work_.give_back(key, true);
    keys_.clear();
    work_.leave();
    drive();
    constexpr auto token = asio::as_tuple(asio::deferred);
    while (!work_.has_left() && !is_over_) co_await bell_.async_receive(token);
    stop();
}

/// How many more it could begin, or will soon.
std::size_t job_worker::wanted(time_point now) {
    if (now - second_began_ >= std::chrono::seconds(1)) {
        const bool is_next = now - second_began_ < std::chrono::seconds(2);
        ended_before_ = is_next ? ended_ : 0;
        ended_ = 0;
        second_began_ = now;
    }
    const std::size_t ahead = std::max({least_ahead, ended_before_, ended_});
    const std::size_t enough = (in_flight_ ? in_flight_() : 0) + ahead;
    return enough - std::min(enough, work_.unanswered());
}

// ---- the store

void job_worker::store_is_up() {
    if (was_up_ && !is_up_) notices_.remark("job " + job_ + ": the store is back");
    was_up_ = is_up_ = true;
    if (is_joined_) work_.connected(steady_now());
    drive();
}

void job_worker::store_is_down(const std::string& problem) {
    if (!was_up_) {
        if (steady_now() - started_at_ >= reaches_within) fail(problem);
        return;
    }
    if (!std::exchange(is_up_, false)) return;
    work_.disconnected();
    if (work_.has_left()) bell_.try_send(error_code());
    notices_.remark("job " + job_ + ": " + problem + "; it goes on when the store is back");
}

void job_worker::fail(const std::string& problem) {
    if (is_over_) return;
    stop();
    notices_.failed(problem);
}

// An answer that is told makes room for the next prompt, which may come back here.
void job_worker::drive() {
    must_drive_ = true;
    if (is_driving_ || !is_joined_) return;
    is_driving_ = true;
    while (std::exchange(must_drive_, false) && !is_over_) {
        const time_point now = steady_now();
        work_.room(is_leaving_ ? 0 : wanted(now));
        for (auto& each : work_.next(now)) std::visit([this](const auto& one) { run_errand(one); }, each);
        auto prompts = work_.take_prompts();
        for (auto& each : prompts) ready_.push_back(std::move(each));
        if (!ready_.empty() || work_.is_done()) bell_.try_send(error_code());
    }
    is_driving_ = false;
    set_timer();
}

void job_worker::set_timer() {
    if (is_over_ || work_.has_left()) return;
    const time_point now = steady_now();
    timer_.expires_at(std::min(work_.wakes_at(now), now + counts_flight_every));
    timer_.async_wait([weak = weak_from_this()](const error_code& error) {
        const auto self = weak.lock();
        if (self && !error) self->drive();
    });
}

void job_worker::run_errand(const fleet::work_errands::hold& what) {
    std::vector<std::string> arguments{name_, lease_ms()};
    arguments.insert(arguments.end(), what.keys.begin(), what.keys.end());
    store_.run(scripts::hold, arguments, [this](const job_store::outcome& got) {
        got.is_full ? work_.not_held(steady_now()) : work_.held();
        drive();
    });
}

void job_worker::run_errand(const fleet::work_errands::take& what) {
    const std::vector<std::string> arguments{name_, lease_ms(), std::to_string(what.count)};
    store_.run(scripts::take, arguments, [this](const job_store::outcome& got) {
        std::vector<fleet::job_item> prompts;
        fleet::job_state state = fleet::job_state::open;
        bool is_known = true;
        const auto& told = got.value.items;
        if (told.size() >= 3) {
            state = state_in(told[0].text);
            is_known = told[1].number() == 1;
            const auto& pairs = told[2].items;
            for (std::size_t each = 0; each + 1 < pairs.size(); each += 2)
                prompts.push_back({pairs[each].text, pairs[each + 1].text});
        }
        work_.taken(steady_now(), state, is_known, std::move(prompts));
        drive();
    });
}

void job_worker::run_errand(const fleet::work_errands::renew&) {
    const std::vector<std::string> arguments{name_, lease_ms()};
    store_.run(scripts::renew, arguments, [this](const job_store::outcome& got) {
        const auto& told = got.value.items;
        const bool has_answer = told.size() >= 2;
        const auto state = has_answer ? state_in(told[0].text) : fleet::job_state::open;
        work_.renewed(steady_now(), state, !has_answer || told[1].number() == 1);
        drive();
    });
}

void job_worker::run_errand(const fleet::work_errands::finish& what) {
    std::vector<std::string> arguments{name_};
    for (const auto& each : what.answers) {
        arguments.push_back(each.key);
        arguments.push_back(each.text);
    }
    const std::size_t count = what.answers.size();
    store_.run(scripts::finish, arguments, [this, count](const job_store::outcome& got) {
        if (got.is_full) {
            if (!std::exchange(told_full_, true))
                notices_.remark("job " + job_ +
                                ": the store has no memory left; answers are kept here until it has");
            work_.not_delivered(steady_now());
        } else {
            delivered_ += count;
            work_.delivered(steady_now());
        }
        drive();
    });
}

void job_worker::run_errand(const fleet::work_errands::give_back& what) {
    std::vector<std::string> arguments{name_, what.may_have_been_asked ? "1" : "0"};
    arguments.insert(arguments.end(), what.keys.begin(), what.keys.end());
    store_.run(scripts::give_back, arguments, [this](const job_store::outcome&) {
        work_.given_back();
        drive();
    });
}

void job_worker::run_errand(const fleet::work_errands::leave&) {
    store_.run(scripts::leave, {name_}, [this](const job_store::outcome&) {
        work_.left();
        bell_.try_send(error_code());
    });
}

}  // namespace stagger::job
