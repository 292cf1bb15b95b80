#include "job/job_feeder.hpp"

#include <algorithm>
#include <boost/asio/append.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/post.hpp>
#include <optional>
#include <stdexcept>
#include <utility>
#include <variant>

#include "dialect/dialect.hpp"
#include "http/clock.hpp"
#include "job/job_scripts.hpp"

namespace stagger::job {

namespace asio = boost::asio;

namespace {

// Enough for the workers that one account can feed; what they hold comes back one by one.
constexpr std::size_t most_in_flight = 4096;
// Entries read at once: their length together is bounded by the script.
constexpr auto read_together = "256";
// Fewer are all that there were, but for very long ones.
constexpr std::size_t few = 64;
// Workers may be started together with their feeder.
constexpr duration workers_within = std::chrono::seconds(5);
// How often it is looked whether results are on disk, and whether the store was reached in time.
constexpr duration looks_every = std::chrono::milliseconds(250);

std::string in_ms(duration span) {
    return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(span).count());
}

class keyed_prompts final : public prompt_source {
 public:
    keyed_prompts(std::unique_ptr<prompt_source> prompts, std::uint64_t parameters)
        : prompts_(std::move(prompts)), parameters_(parameters) {}

    asio::awaitable<std::optional<batch_prompt>> read(error_code& error) override {
        auto prompt = co_await prompts_->read(error);
        if (prompt && prompt->request) {
            prompt->request->tag(key_of(prompt->position, prompt->hash, parameters_));
            prompt->request->label(prompt->custom_id);
        }
        co_return prompt;
    }
    std::optional<std::size_t> remaining() const override { return prompts_->remaining(); }

 private:
    std::unique_ptr<prompt_source> prompts_;
    const std::uint64_t parameters_;
};

}  // namespace

job_feeder::job_feeder(const io_executor& executor, settings chosen, feeder_notices notices)
    : executor_(executor),
      chosen_(std::move(chosen)),
      notices_(std::move(notices)),
      feed_(chosen_.goes_on),
      store_(executor_, chosen_.fleet, chosen_.job, *this),
      timer_(executor_),
      started_at_(steady_now()) {}

void job_feeder::start() {
    started_at_ = steady_now();
    store_.start();
    drive();
}

void job_feeder::stop() {
    is_over_ = true;
    timer_.cancel();
    store_.stop();
}

std::unique_ptr<prompt_source> job_feeder::keyed(std::unique_ptr<prompt_source> prompts) const {
    return std::make_unique<keyed_prompts>(std::move(prompts), chosen_.parameters);
}

batch::transport job_feeder::transport() {
    batch::transport made;
    const auto self = shared_from_this();
    made.executor = executor_;
    made.serial = executor_;
    made.max_in_flight = most_in_flight;
    made.send = [self](const completion_request& request, batch::transport::handler done) {
        self->send(request, std::move(done));
    };
    made.stop_sending = [self] {
        self->feed_.withdraw();
        self->drive();
    };
    made.close = [self] {
        std::vector<std::string> keys;
        for (const auto& each : self->waiting_) keys.push_back(each.first);
        for (const std::string& each : keys) self->complete(each, errc::shut_down, {});
    };
    made.status = [self] { return self->status(); };
    return made;
}

coordinator_status job_feeder::status() const {
    coordinator_status now;
    now.waiting = queued_ > in_work_ ? queued_ - in_work_ : 0;
    now.in_flight = in_work_;
    now.accepted = answered_;
    now.throttled = refused_;
    return now;
}

// ---- the batch

// A prompt whose answer was not as expected is asked once more before it has a result.
std::string job_feeder::unused_key(const std::string& base) {
    std::string key = base;
    const auto found = again_.find(base);
    if (found == again_.end()) {
        again_[base];
        return key;
    }
    key.append(found->second.size() + 1, '+');
    found->second.push_back(key);
    return key;
}

void job_feeder::send(const completion_request& request, batch::transport::handler done) {
    wire::encoding_context context;
    context.dialect = chosen_.spoken;
    context.model = chosen_.model;
    error_code unsendable;
    std::string problem;
    wire::asked_model asked;
    auto encoded = wire::encode(request, context, unsendable, problem, wire::delivery::whole, &asked);
    const std::string key = unused_key(request.tag());
    auto slot = asio::get_associated_cancellation_slot(done);
    waiting_.emplace(key, std::make_unique<waiting>(std::move(done)));
    if (slot.is_connected()) {
        slot.assign([weak = weak_from_this(), key](asio::cancellation_type) {
            // A copy: this function is gone before the prompt is.
            if (const auto self = weak.lock()) self->complete(std::string(key), errc::cancelled, {});
        });
    }
    if (unsendable) {
        completion nothing;
        nothing.info.message = std::move(problem);
        return complete(key, unsendable, std::move(nothing));
    }
    question what{request.label(), std::move(asked.name), std::move(encoded.body)};
    feed_.ask({key, format_question(what)});
    drive();
}

void job_feeder::complete(const std::string& key, error_code error, completion answer) {
    const auto found = waiting_.find(key);
    if (found == waiting_.end()) return;
    auto done = std::move(found->second->done);
    waiting_.erase(found);
    auto slot = asio::get_associated_cancellation_slot(done);
    if (slot.is_connected()) slot.clear();
    asio::post(executor_, asio::append(std::move(done), error, std::move(answer)));
}

void job_feeder::deliver(const fleet::job_item& item) {
    error_code error;
    completion answer;
    try {
        parse_answer(item.text, chosen_.spoken, unix_now(), error, answer);
    } catch (const std::invalid_argument& wrong) {
        error = errc::malformed_answer;
        answer = {};
        answer.info.message = std::string("a worker's answer makes no sense: ") + wrong.what();
    }
    answered_ += error ? 0 : 1;
    refused_ += answer.info.rejections;
    complete(item.key, error, std::move(answer));
}

void job_feeder::recorded(const batch_result& result) {
    written_.push_back(key_of(result.position, result.hash, chosen_.parameters));
    note_kept();
}

void job_feeder::note_kept() {
    const std::size_t now = notices_.results_kept();
    for (; kept_ < now && !written_.empty(); ++kept_) {
        const std::string key = std::move(written_.front());
        written_.pop_front();
        feed_.recorded(key);
        const auto further = again_.find(key);
        if (further == again_.end()) continue;
        for (const std::string& each : further->second) feed_.recorded(each);
        again_.erase(further);
    }
}

asio::awaitable<bool> job_feeder::finish(bool is_done) {
    const auto self = shared_from_this();
    note_kept();
    const time_point until = saturating_add(steady_now(), ends_within);
    io_timer pause(executor_);
    while (end_ != end_of_job::told && steady_now() < until && !is_over_) {
        drive();
        if (end_ == end_of_job::unsaid && is_up_ && !feed_.has_unforgotten()) tell_end(is_done);
        pause.expires_after(std::chrono::milliseconds(5));
        co_await pause.async_wait(with_error);
    }
    co_return end_ == end_of_job::told;
}

void job_feeder::tell_end(bool is_done) {
    end_ = end_of_job::said;
    description last = about();
    last.state = is_done ? fleet::job_state::done : fleet::job_state::open;
    const std::vector<std::string> arguments{chosen_.results, is_done ? "1" : "0", format_description(last)};
    store_.run(scripts::end, arguments, [this](const job_store::outcome&) { end_ = end_of_job::told; });
}

// ---- the store

void job_feeder::store_is_up() {
    if (was_up_ && !is_up_) notices_.remark("job " + chosen_.job + ": the store is back");
    was_up_ = is_up_ = true;
    feed_.connected(steady_now());
    drive();
}

void job_feeder::store_is_down(const std::string& problem) {
    if (!was_up_) {
        if (steady_now() - started_at_ >= reaches_within) fail(problem);
        return;
    }
    if (!std::exchange(is_up_, false)) return;
    feed_.disconnected();
    if (end_ == end_of_job::said) end_ = end_of_job::unsaid;
    notices_.remark("job " + chosen_.job + ": " + problem + "; it goes on when the store is back");
}

void job_feeder::fail(const std::string& problem) {
    if (is_over_) return;
    stop();
    notices_.failed(problem);
}

description job_feeder::about() const {
    description now = notices_.progress();
    now.spoken = chosen_.spoken;
    now.model = chosen_.model;
    return now;
}

// An answer may bring the next prompt, and so come back here.
void job_feeder::drive() {
    must_drive_ = true;
    if (is_driving_) return;
    is_driving_ = true;
    while (std::exchange(must_drive_, false) && !is_over_) {
        for (auto& each : feed_.next(steady_now()))
            std::visit([this](const auto& one) { run_errand(one); }, each);
        for (const auto& each : feed_.take_answers()) deliver(each);
        for (const auto& each : feed_.take_withdrawn()) complete(each, errc::shut_down, {});
    }
    is_driving_ = false;
    set_timer();
}

void job_feeder::set_timer() {
    if (is_over_) return;
    const time_point now = steady_now();
    timer_.expires_at(std::min(feed_.wakes_at(now), now + looks_every));
    timer_.async_wait([weak = weak_from_this()](const error_code& error) {
        const auto self = weak.lock();
        if (!self || error) return;
        self->note_kept();
        self->drive();
    });
}

void job_feeder::run_errand(const fleet::feed_errands::enter&) {
    const std::vector<std::string> arguments{chosen_.results, in_ms(fleet::job_feed::held_for),
                                             format_description(about()),
                                             chosen_.starts_over && !has_entered_ ? "1" : "0"};
    store_.run(scripts::enter, arguments, [this](const job_store::outcome& got) {
        if (got.is_full) return fail("job " + chosen_.job + ": the store has no memory left");
        if (got.value.items.size() < 2 || got.value.items[0].number() == 0) {
            return fail("job " + chosen_.job +
                        ": another run feeds it, into another results file; a job has one. Where that run "
                        "was killed, it is free in 10 s");
        }
        has_entered_ = true;
        feed_.entered(steady_now(), got.value.items[1].number() == 1);
        drive();
    });
}

void job_feeder::run_errand(const fleet::feed_errands::renew&) {
    const std::vector<std::string> arguments{chosen_.results, in_ms(fleet::job_feed::held_for),
                                             format_description(about())};
    store_.run(scripts::stay, arguments, [this](const job_store::outcome& got) {
        const auto& told = got.value.items;
        const bool is_mine = got.is_full || (!told.empty() && told[0].number() == 1);
        if (told.size() >= 3 && is_mine) {
            queued_ = static_cast<std::size_t>(told[1].number());
            in_work_ = static_cast<std::size_t>(told[2].number());
            note_workers(told.back().number());
        }
        feed_.renewed(steady_now(), is_mine);
        drive();
    });
}

void job_feeder::note_workers(std::int64_t count) {
    const bool is_early = steady_now() - started_at_ < workers_within;
    if (count > 0 || queued_ == 0 || is_early || std::exchange(told_no_worker_, true)) return;
    notices_.remark("job " + chosen_.job + ": no worker is there; waiting for stagger worker --job " +
                    chosen_.job);
}

void job_feeder::run_errand(const fleet::feed_errands::read& what) {
    const std::vector<std::string> arguments{what.after, read_together};
    store_.run(scripts::read, arguments, [this](const job_store::outcome& got) {
        for (const auto& each : got.value.items) {
            if (each.items.size() < 3) continue;
            feed_.answer_came(each.items[0].text, {each.items[1].text, each.items[2].text});
        }
        feed_.answers_read(steady_now(), got.value.items.size() < few);
        drive();
    });
}

void job_feeder::run_errand(const fleet::feed_errands::add& what) {
    std::vector<std::string> arguments{what.after};
    for (const auto& each : what.items) {
        arguments.push_back(each.key);
        arguments.push_back(each.text);
    }
    store_.run(scripts::add, arguments, [this](const job_store::outcome& got) {
        if (got.is_full) {
            if (!std::exchange(told_full_, true))
                notices_.remark("job " + chosen_.job +
                                ": the store has no memory left; it goes on as there is room");
            feed_.not_added(steady_now());
        } else {
            feed_.added();
        }
        drive();
    });
}

void job_feeder::run_errand(const fleet::feed_errands::forget& what) {
    std::vector<std::string> arguments{std::to_string(what.entries.size())};
    arguments.insert(arguments.end(), what.entries.begin(), what.entries.end());
    arguments.insert(arguments.end(), what.keys.begin(), what.keys.end());
    store_.run(scripts::forget, arguments, [this](const job_store::outcome&) {
        feed_.forgotten();
        drive();
    });
}

void job_feeder::run_errand(const fleet::feed_errands::withdraw&) {
    store_.run(scripts::withdraw, {}, [this](const job_store::outcome& got) {
        std::vector<std::string> keys;
        for (const auto& each : got.value.items) keys.push_back(each.text);
        feed_.withdrawn(keys);
        drive();
    });
}

}  // namespace stagger::job
