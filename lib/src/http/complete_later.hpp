#pragma once

#include <boost/asio/any_completion_executor.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/require.hpp>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

#include "http/out_of_memory.hpp"

namespace stagger {

/// The executor that a handler is to run on, tracked so that its context keeps running; none where that is
/// `ours`, which whoever waits keeps running anyway.
inline boost::asio::any_completion_executor executor_of_handler(
    const boost::asio::any_completion_executor& theirs, const boost::asio::any_io_executor& ours) {
    // Asio makes it without throwing.
    if (!theirs) throw std::bad_alloc();
    const auto* const nested = theirs.target<boost::asio::any_io_executor>();
    const auto* const their_context = theirs.target<boost::asio::io_context::executor_type>();
    const auto* const our_context = ours.target<boost::asio::io_context::executor_type>();
    const bool same =
        (nested && *nested == ours) || (their_context && our_context && *their_context == *our_context);
    if (same) return {};
    return boost::asio::prefer(theirs, boost::asio::execution::outstanding_work.tracked);
}

/// Calls a handler on its own executor, never inline: `ours` takes it off the caller's stack first, because
/// an erased completion executor offers no post. What its cancellation slot held is released before.
template <class Handler, class... Results>
void complete_later(const boost::asio::any_io_executor& ours,
                    const boost::asio::any_completion_executor& theirs, Handler&& handler,
                    Results&&... results) {
    static_assert(!std::is_lvalue_reference_v<Handler>, "a handler is called once, and moved there");
    // One block: what is posted is moved from hand to hand on its way. Shared, so that it outlives a post
    // that finds no memory.
    struct call {
        call(Handler&& whom, Results&&... what)
            : handler(std::move(whom)), values(std::forward<Results>(what)...) {}
        Handler handler;
        std::tuple<std::decay_t<Results>...> values;
    };
    // Nothing has been moved from where there was no memory for the block.
    const auto block = at_second_try([&] {
        return std::make_shared<call>(std::forward<Handler>(handler), std::forward<Results>(results)...);
    });
    const auto run = [block] {
        auto cancel = boost::asio::get_associated_cancellation_slot(block->handler);
        if (cancel.is_connected()) cancel.clear();
        std::apply(std::move(block->handler), std::move(block->values));
    };
    at_second_try([&] {
        if (theirs) {
            boost::asio::post(ours, boost::asio::bind_executor(theirs, run));
        } else {
            boost::asio::require(ours, boost::asio::execution::blocking.never).execute(run);
        }
    });
}

}  // namespace stagger
