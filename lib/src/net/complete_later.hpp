#pragma once

#include <boost/asio/any_completion_executor.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/post.hpp>
#include <tuple>
#include <utility>

namespace stagger {

/// Calls a handler on its own executor, never inline: `ours` takes it off the caller's stack first, because
/// an erased completion executor offers no post. What its cancellation slot held is released before.
template <class Handler, class... Results>
void complete_later(const boost::asio::any_io_executor& ours,
                    const boost::asio::any_completion_executor& theirs, Handler handler, Results... results) {
    auto call = [handler = std::move(handler), values = std::tuple(std::move(results)...)]() mutable {
        auto cancel = boost::asio::get_associated_cancellation_slot(handler);
        if (cancel.is_connected()) cancel.clear();
        std::apply(std::move(handler), std::move(values));
    };
    boost::asio::post(ours, boost::asio::bind_executor(theirs, std::move(call)));
}

}  // namespace stagger
