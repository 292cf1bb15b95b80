#pragma once

#include <boost/asio/any_completion_executor.hpp>
#include <boost/asio/any_completion_handler.hpp>
#include <memory>
#include <optional>
#include <string>

#include "dialect/body_form.hpp"
#include "dialect/dialect.hpp"
#include "dialect/sse_parser.hpp"
#include "dialect/stream_answer.hpp"
#include "http/connection_pool.hpp"
#include "http/io_types.hpp"
#include "net/attempt_trace.hpp"
#include "net/client_state.hpp"
#include "net/running_operation.hpp"
#include "stagger/completion_stream.hpp"
#include "stagger/gate.hpp"

namespace stagger::detail {

/** @brief A streamed answer whose first piece has come, or a request that failed before.
 *
 * Holds the connection and the place in flight until the answer ends. Reads only while somebody asks. Runs on
 * its client's strand; `next` and `abandon` may be called from any thread.
 */
class open_stream final : public std::enable_shared_from_this<open_stream>, public running_operation {
 public:
    using handler_type = boost::asio::any_completion_handler<completion_stream::next_signature>;

    /// A head with success and the beginning of an answer: the rest follows on the connection.
    struct beginning {
        const route_target& way;  ///< outlives the client's state
        connection_pool::lease leased;
        permit leave;
        wire::response received;  ///< with the part of the body that has come
        error_code unread;        ///< what the connection met behind it
        diagnostic info;
        time_point sent_at;
        time_point deadline;
        attempt_trace trace;
    };
    open_stream(std::shared_ptr<client_state> client, beginning from);
    /// There is no answer.
    open_stream(std::shared_ptr<client_state> client, error_code error, completion failed);

    /// On the strand: the client knows of it from here on.
    void enroll();
    void next(handler_type handler);
    /// The caller has let go of the stream.
    void abandon();
    void stop(errc why) override;
    void context_ends() noexcept override;
    void leave_to_parent() noexcept override {
        if (leased_) leased_->leave_to_parent();
    }
    const completion& result() { return answer_.answer(); }

 private:
    struct asker {
        handler_type handler;
        boost::asio::any_completion_executor executor;  // as executor_of_handler has it
    };
    class pending_read;
    class pending_drain;

    void listen_for_cancellation(const handler_type& handler);
    void begin_next(asker&& who);
    std::size_t held_bytes();
    /// Takes what a read has brought; false if that needs more bytes.
    bool take_what_came();
    /// Where the head has not told, and the beginning of the body has come, that does.
    void settle_form();
    /// Takes what is buffered apart, up to the next delta or the end; false if that needs more bytes.
    bool take_buffered();
    bool take_event();
    /// A server that does not stream has answered in one piece.
    void take_whole_answer();
    void take_end_of_body();

    void hand_out(completion_delta delta);
    void answer_is_whole();
    void fail(error_code error, std::string message);
    void run_out_of_memory();
    void end(error_code error);
    /// What a diagnostic says of the end.
    void note_end(diagnostic& info, error_code error) const;
    void note_untold_end(diagnostic& info) const;
    void tell_trace();
    /// What comes after a whole answer is being read away. False if there is no memory for that.
    bool drains();
    /// Gives back what the stream holds. Nothing is read any more, save what makes the connection reusable.
    void release(error_code error);
    void complete(error_code error, std::optional<completion_delta> delta);
    /// Gives back the connection: the client need not know of the stream any more.
    void let_go();

    /// The client, whose context lives. @throws std::logic_error otherwise
    client_state& living_client() const;

    std::shared_ptr<client_state> client_;  // null once its context has ended
    const route_target* way_ = nullptr;     // by which the answer comes
    connection_pool::lease leased_;
    permit leave_;
    std::optional<attempt_trace> trace_;  // of the request, once it has begun
    wire::response received_;
    std::size_t taken_ = 0;  // of what is in received_.body
    wire::sse_parser parser_;
    wire::stream_answer answer_;
    time_point sent_at_{};
    time_point deadline_ = never;
    wire::body_form form_ = wire::body_form::events;
    bool ended_ = false;
    bool untold_ =
        false;           // it ended while nobody asked: `result` is the caller's to read until somebody does
    error_code error_;   // with which it ended
    error_code unread_;  // what the connection met after the bytes that are buffered

    asker* asking_ = nullptr;  // on the stack of `begin_next`, or in a pending read
    bool reading_ = false;
    errc stopped_{};
};

}  // namespace stagger::detail
