#pragma once

#include <boost/asio/any_completion_executor.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <tuple>
#include <utility>

namespace stagger {

/// Calls a handler on its own executor, never inline: `ours` takes it off the caller's stack first, because
/// an erased completion executor offers no post.
template <class Handler, class... Results>
void complete_later(const boost::asio::any_io_executor& ours, boost::asio::any_completion_executor theirs,
                    Handler handler, Results... results) {
    auto call = [handler = std::move(handler), values = std::tuple(std::move(results)...)]() mutable {
        std::apply(std::move(handler), std::move(values));
    };
    boost::asio::post(ours, [theirs = std::move(theirs), call = std::move(call)]() mutable {
        boost::asio::dispatch(theirs, std::move(call));
    });
}

}  // namespace stagger
