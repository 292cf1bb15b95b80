#include "net/context_bound.hpp"

#include <boost/asio/execution_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/list.hpp>
#include <mutex>
#include <stdexcept>

namespace stagger::detail {

namespace asio = boost::asio;

/// The context's own list of what has to be told. Asio shuts services down before it destroys any, so that
/// what is let go of meanwhile still finds its own.
class context_watch final : public asio::execution_context::service {
 public:
    using key_type = context_watch;
    static asio::execution_context::id id;

    explicit context_watch(asio::execution_context& owner) : service(owner) {}

    void add(context_bound& one) {
        const std::lock_guard lock(mutex_);
        members_.push_back(one);
    }
    void remove(context_bound& one) {
        const std::lock_guard lock(mutex_);
        members_.erase(members_.iterator_to(one));
    }

 private:
    // Whoever is told may destroy itself, and others.
    void shutdown() override {
        while (context_bound* const one = take_first()) one->context_ends();
    }
    context_bound* take_first() {
        const std::lock_guard lock(mutex_);
        if (members_.empty()) return nullptr;
        context_bound& first = members_.front();
        members_.pop_front();
        first.watch_ = nullptr;
        return &first;
    }
    void notify_fork(asio::execution_context::fork_event event) override {
        if (event == asio::execution_context::fork_prepare) return;
        const bool is_child = event == asio::execution_context::fork_child;
        const std::lock_guard lock(mutex_);
        for (context_bound& one : members_) one.forked(is_child ? fork_side::child : fork_side::parent);
    }

    std::mutex mutex_;  // guards members_
    boost::intrusive::list<context_bound,
                           boost::intrusive::member_hook<context_bound, boost::intrusive::list_member_hook<>,
                                                         &context_bound::hook_>>
        members_;
};

asio::execution_context::id context_watch::id;

namespace {

// Services are told of a fork in the order in which they were made. In the child Asio's reactor has to be the
// first one: until it has a set of epoll of its own, what is let go of would be taken out of the parent's. A
// timer has it made.
context_watch& watch_of(const asio::any_io_executor& executor) {
    const asio::steady_timer needs_reactor(checked(executor));
    return asio::use_service<context_watch>(executor.context());
}

}  // namespace

context_bound::context_bound(const asio::any_io_executor& executor) : watch_(&watch_of(executor)) {
    watch_->add(*this);
}

context_bound::~context_bound() {
    if (watch_) watch_->remove(*this);
}

const asio::any_io_executor& checked(const asio::any_io_executor& executor) {
    if (!executor) throw std::invalid_argument("executor: must not be empty");
    return executor;
}

}  // namespace stagger::detail
