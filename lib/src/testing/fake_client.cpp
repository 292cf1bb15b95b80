#include "stagger/testing/fake_client.hpp"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/post.hpp>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <utility>
#include <variant>

#include "base/thrown_error.hpp"
#include "dialect/dialect.hpp"
#include "http/complete_later.hpp"
#include "net/client_access.hpp"
#include "net/client_state.hpp"
#include "net/context_bound.hpp"
#include "net/request_stand_in.hpp"
#include "net/running_operation.hpp"
#include "testing/fake_stream.hpp"

namespace stagger::testing {

namespace asio = boost::asio;

namespace {

using any_handler = detail::request_task::any_handler;
using whole_handler = detail::request_task::whole_handler;
using stream_handler = detail::request_task::stream_handler;

/// One request of a fake client, from its call to its answer. Runs on the client's strand.
class fake_task final : public std::enable_shared_from_this<fake_task>, public detail::running_operation {
 public:
    fake_task(std::shared_ptr<detail::client_state> client, any_handler handler)
        : client_(std::move(client)), handler_(std::move(handler)) {}

    bool is_streamed() const { return std::holds_alternative<stream_handler>(handler_); }

    void listen_for_cancellation() {
        auto slot =
            std::visit([](const auto& one) { return asio::get_associated_cancellation_slot(one); }, handler_);
        if (!slot.is_connected()) return;
        slot.assign([weak = weak_from_this(), strand = client_->strand](asio::cancellation_type) {
            asio::post(strand, [weak] {
                if (const auto self = weak.lock()) self->stop(errc::cancelled);
            });
        });
    }

    /// Begins with what comes of it.
    void begin(const fake_answer& answer) {
        client_->counts.started.add();
        if (client_->refuses) return stop(errc::shut_down);
        if (stopped_ != errc{}) return stop(stopped_);
        if (answer.ends()) return end(answer);
        client_->running.insert(*this);
        kept_ = shared_from_this();
        keeper_.emplace(client_->executor, *this);
    }

    void stop(errc why) override {
        stopped_ = why;
        // A cancellation that comes before the request has begun waits for that.
        if (ended_ || (why == errc::cancelled && !kept_)) return;
        end(fake_answer::failure(why));
    }
    void context_ends() noexcept override { const auto last = std::move(kept_); }
    void leave_to_parent() noexcept override {}

 private:
    void end(const fake_answer& answer) {
        ended_ = true;
        const bool well = !answer.error() && (is_streamed() || !answer.late_error());
        (well ? client_->counts.succeeded : client_->counts.failed).add();
        std::visit([&](auto& handler) { deliver(std::move(handler), answer); }, handler_);
        const auto last = std::move(kept_);
        keeper_.reset();
        // Posted: `stop` may be what ends it, in a loop over that set.
        asio::post(client_->strand, [self = shared_from_this()] { self->client_->running.erase(*self); });
    }
    template <class Handler, class Result>
    void complete(Handler&& handler, error_code error, Result result) {
        const auto theirs = executor_of_handler(
            asio::get_associated_executor(handler, client_->completion_executor), client_->executor);
        complete_later(client_->executor, theirs, std::forward<Handler>(handler), error, std::move(result));
    }
    void deliver(whole_handler&& handler, const fake_answer& answer) {
        completion result = answer.answer();
        const bool cut = !answer.error() && answer.late_error();
        if (cut) {
            result = completion();
            result.info.message = answer.late_message();
            result.info.last_error = answer.late_error();
        }
        complete(std::move(handler), cut ? answer.late_error() : answer.error(), std::move(result));
    }
    void deliver(stream_handler&& handler, const fake_answer& answer) {
        completion_stream stream(std::make_shared<fake_stream>(client_, answer, answer.error()));
        complete(std::move(handler), answer.error(), std::move(stream));
    }

    const std::shared_ptr<detail::client_state> client_;
    any_handler handler_;
    /// Tells of the context's end where the client is gone by then.
    class keeper final : public detail::context_bound {
     public:
        keeper(const asio::any_io_executor& executor, fake_task& task)
            : context_bound(executor), task_(task) {}

     private:
        void context_ends() noexcept override { task_.context_ends(); }
        fake_task& task_;
    };

    std::shared_ptr<fake_task> kept_;  // itself, while nothing else keeps it
    std::optional<keeper> keeper_;
    errc stopped_{};
    bool ended_ = false;
};

client_options completed(client_options options) {
    if (options.base_url().empty()) options.base_url("http://fake.invalid/v1");
    if (options.model().empty()) options.model("fake");
    return options;
}

fake_client::script one_after_the_other(std::vector<fake_answer> answers) {
    if (answers.empty()) throw std::invalid_argument("fake_client: must have an answer");
    return [answers = std::move(answers), next = std::size_t{0}](const completion_request&) mutable {
        return answers[next + 1 < answers.size() ? next++ : answers.size() - 1];
    };
}

}  // namespace

class fake_client::stand_in final : public detail::request_stand_in,
                                    public std::enable_shared_from_this<stand_in> {
 public:
    explicit stand_in(script answers) : answers_(std::move(answers)) {
        if (!answers_) throw std::invalid_argument("fake_client: the function must not be empty");
    }

    void take(const std::shared_ptr<detail::client_state>& client, const completion_request& request,
              any_handler handler) override {
        const auto task = std::make_shared<fake_task>(client, std::move(handler));
        task->listen_for_cancellation();
        asio::post(client->strand, [self = shared_from_this(), client, task, request] {
            const auto how = task->is_streamed() ? wire::delivery::streamed : wire::delivery::whole;
            task->begin(client->refuses ? fake_answer::never() : self->answer(*client, request, how));
        });
    }
    std::vector<completion_request> requests() const {
        const std::lock_guard lock(mutex_);
        return asked_;
    }

 private:
    fake_answer answer(const detail::client_state& client, const completion_request& request,
                       wire::delivery how) {
        error_code error;
        std::string problem;
        wire::encode(request, client.first().encoding, error, problem, how);
        if (error) return fake_answer::failure(error, problem);
        {
            const std::lock_guard lock(mutex_);
            asked_.push_back(request);
        }
        try {
            return answers_(request);
        } catch (...) {
            thrown_error meant = error_of(std::current_exception());
            diagnostic info;
            info.message = std::move(meant.message);
            info.thrown = std::current_exception();
            return fake_answer::failure(meant.error, std::move(info));
        }
    }

    script answers_;  // on the strand
    mutable std::mutex mutex_;
    std::vector<completion_request> asked_;
};

fake_client::fake_client(const asio::any_io_executor& executor, script answers, client_options options)
    : client_(executor, completed(std::move(options))),
      played_(std::make_shared<stand_in>(std::move(answers))) {
    detail::client_access::state_of(client_)->stand_in = played_;
}

fake_client::fake_client(const asio::any_io_executor& executor, std::vector<fake_answer> answers,
                         client_options options)
    : fake_client(executor, one_after_the_other(std::move(answers)), std::move(options)) {}

std::vector<completion_request> fake_client::requests() const {
    return played_->requests();
}

}  // namespace stagger::testing
