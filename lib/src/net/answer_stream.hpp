#pragma once

#include <boost/asio/any_completion_handler.hpp>

#include "stagger/completion_stream.hpp"

namespace stagger::detail {

/// What a completion_stream is a handle to. Any thread may call `next` and `abandon`.
class answer_stream {
 public:
    using handler_type = boost::asio::any_completion_handler<completion_stream::next_signature>;

    answer_stream() = default;
    answer_stream(const answer_stream&) = delete;
    answer_stream& operator=(const answer_stream&) = delete;
    virtual ~answer_stream() = default;

    /// As completion_stream::async_next.
    virtual void next(handler_type handler) = 0;
    /// As completion_stream::result.
    virtual const completion& result() const = 0;
    /// The caller has let go of the stream.
    virtual void abandon() = 0;
};

}  // namespace stagger::detail
