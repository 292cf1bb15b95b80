#pragma once

#include <boost/asio/any_completion_executor.hpp>
#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "dialect/dialect.hpp"
#include "http/connection_pool.hpp"
#include "http/io_types.hpp"
#include "net/attempt_trace.hpp"
#include "net/client_state.hpp"
#include "net/line_guest.hpp"
#include "net/next_turn.hpp"
#include "net/route_choice.hpp"
#include "net/running_operation.hpp"
#include "request/request_machine.hpp"
#include "stagger/client.hpp"

namespace stagger::detail {

class open_stream;

/** @brief Carries out what a request_machine decides: line, connection, exchange, and the caller told.
 *
 * Of a streamed answer only the beginning is waited for here, up to the first event that is part of it;
 * open_stream reads that and the rest. Runs on its client's strand; `start` may be called from any thread.
 */
class request_task final : public std::enable_shared_from_this<request_task>,
                           public running_operation,
                           private line_guest,
                           private connection_user {
 public:
    using whole_handler = boost::asio::any_completion_handler<client::completion_signature>;
    using stream_handler = boost::asio::any_completion_handler<client::stream_signature>;
    using any_handler = std::variant<whole_handler, stream_handler>;

    /// @param usual_deadline where neither the request nor its client has one; zero: none
    /// @param at_home the handler is known to run on the client's executor
    static void start(const std::shared_ptr<client_state>& client, const completion_request& request,
                      duration usual_deadline, any_handler&& handler, bool at_home);
    /// The same of a request that may be kept.
    static void start(const std::shared_ptr<client_state>& client, completion_request&& request,
                      duration usual_deadline, any_handler&& handler, bool at_home);
    request_task(std::shared_ptr<client_state> client, any_handler&& handler, bool at_home);
    ~request_task() override;

    void stop(errc why) override;
    void context_ends() noexcept override;
    void leave_to_parent() noexcept override {
        if (leased_) leased_->leave_to_parent();
    }
    void step_aside() override;
    void take_turn() override;

 private:
    class opening_end;
    struct stream_attempt;
    static constexpr task_id nowhere{~std::uint64_t{0}};

    /// What a request of a client with several routes keeps for its next attempt.
    struct routed_request final : route_choice::guest {
        routed_request(request_task& task, completion_request what) : of(task), asked(std::move(what)) {}
        void route_found(std::size_t found) override { of.route_found(found); }
        void no_route(errc why) override { of.no_route(why); }
        void recalled() override { of.recalled(); }

        request_task& of;
        completion_request asked;
        route_choice::guest_id guest = 0;                   // 0: never waited yet
        std::optional<std::size_t> where;                   // the latest route
        routing::route_health::attempt_number attempt = 0;  // 0: none is under way
        bool in_line = false;                               // of that route's gate
    };

    /// What few requests have: most that wait at once do without.
    struct uncommon {
        std::string target;  // where it is not the route's
        std::vector<wire::field> fields;
        std::string label;
        std::unique_ptr<stream_attempt> begins;  // a stream's head has come, with success
        std::optional<routed_request> routed;    // nothing where there is one route
    };
    uncommon& with_uncommon();
    routed_request* routed() const { return uncommon_ && uncommon_->routed ? &*uncommon_->routed : nullptr; }
    stream_attempt* begins() const { return uncommon_ ? uncommon_->begins.get() : nullptr; }
    route_choice::guest_pointer routed_guest() { return {shared_from_this(), routed()}; }

    /// By which the attempt goes.
    route_target& way() const {
        const routed_request* const there = routed();
        return there && there->where ? *client_->routes[*there->where] : client_->first();
    }
    /// @param own the same request, if it may be kept
    static void start(const std::shared_ptr<client_state>& client, const completion_request& request,
                      completion_request* own, duration usual_deadline, any_handler&& handler, bool at_home);
    void encode(const completion_request& request, completion_request* own);
    /// For the route that was found.
    bool encode_for(const route_target& found, const completion_request& request, error_code& error,
                    std::string& problem);
    void listen_for_cancellation(boost::asio::cancellation_slot cancelled);
    /// Carries out `next`, and what follows from it, as far as that needs no event.
    /// @param ended the attempt that has just ended
    void carry_out(request_step next, time_point now, wire::decoded_answer* ended = nullptr);
    /// What a step throws ends the request: whoever runs the context is not to blame, and the caller waits.
    template <class Step>
    void guard(Step step) {
        try {
            step();
        } catch (const std::bad_alloc&) {
            run_out_of_memory();
        } catch (...) {
            break_down(std::current_exception());
        }
    }
    void run_out_of_memory();
    void break_down(const std::exception_ptr& thrown);
    void break_down(error_code error, std::string message, std::exception_ptr thrown);

    void begin();
    request_step announce(time_point now);
    request_step ask_to_pass(time_point now);
    void stop_holding();
    request_step choose_route(time_point now);
    void stop_choosing();
    void route_found(std::size_t where);
    request_step take_route(std::size_t where, time_point now);
    void no_route(errc why);
    void recalled();
    void leave_route_line();
    /// What the attempt says of its route; what is final there may be tried elsewhere.
    /// True if there is another route.
    bool tell_route(wire::decoded_answer& ended, time_point now);
    void forget_route();
    request_step stand_in_line();
    void leave_line(const error_code& error, permit leave) override;
    /// With what is in `leave_`.
    request_step left_line(const error_code& error, time_point now);

    request_step connect();
    /// No connection is idle: waits for one, or opens one.
    io_awaitable<error_code> acquire();
    void on_connected(const error_code& error);
    request_step connected(time_point now);
    void exchange();
    void on_sent(const error_code& error) override;
    void on_read(const error_code& error) override;
    time_point latest_limit() const override;
    void was_held_up(duration waited) override;
    void take(const error_code& error);
    void take_head_of_stream();
    time_point limit_of_next_event() const;
    /// @param unread what the connection met behind the bytes that have come
    void take_beginning_of_stream(const error_code& unread);
    /// The attempt has failed before its answer was whole.
    void break_off(const error_code& error);
    void end_attempt(wire::decoded_answer& ended);
    void name_forwarder(diagnostic& info) const;
    request_step report(wire::decoded_answer& ended, time_point now);
    /// When it allows another attempt, at the earliest.
    time_point tell_gate(const wire::decoded_answer& ended);
    void tell_trace(const diagnostic& info, const hints& said, time_point now, const token_usage& used = {});

    void end(wire::decoded_answer& ended, time_point now);
    /// No attempt has just ended.
    void end_unsent();
    /// Ends a request that was never announced.
    void refuse(error_code error, std::string message);
    void finish(error_code error, completion&& result);
    void deliver(error_code error, completion&& result);
    std::shared_ptr<open_stream> stream_of(error_code error, completion&& result);

    bool is_streamed() const { return std::holds_alternative<stream_handler>(handler_); }
    connection::user user() { return {shared_from_this(), this}; }

    const std::shared_ptr<client_state> client_;
    any_handler handler_;
    // Tracked: keeps its context running. Null where that is the client's own.
    std::unique_ptr<const boost::asio::any_completion_executor> handler_executor_;
    boost::asio::cancellation_signal signal_;
    request_machine machine_;
    attempt_trace trace_;
    std::string body_;
    const wire::api_dialect* answered_in_ = nullptr;
    std::unique_ptr<uncommon> uncommon_;

    task_id place_ = nowhere;  // in the gate's line
    permit leave_;
    connection_pool::lease leased_;
    bool begun_ = false;
    bool exchanging_ = false;  // the connection is what has to be told of a cancellation
    bool head_came_ = false;
    bool told_ = false;  // the caller has been, or is being told
};

}  // namespace stagger::detail
