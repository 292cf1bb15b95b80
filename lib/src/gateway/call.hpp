#pragma once

#include <boost/asio/cancellation_signal.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "gateway/asked_call.hpp"
#include "gateway/call_machine.hpp"
#include "gateway/call_record.hpp"
#include "gateway/destination.hpp"
#include "gateway/gateway.hpp"
#include "gateway/usage_scanner.hpp"
#include "gateway/waiting_call.hpp"
#include "net/line_guest.hpp"
#include "server/exchange.hpp"
#include "stagger/refusal_history.hpp"

namespace stagger::gateway {

/// Carries out what a call_machine decides: the line, the gate, the exchange with upstream, and the client.
class call final : public std::enable_shared_from_this<call>,
                   private line_member,
                   private detail::line_guest,
                   private connection_user {
 public:
    call(std::shared_ptr<gateway> home, http_server::exchange& with);
    call(const call&) = delete;
    call& operator=(const call&) = delete;
    ~call() override;

    io_awaitable<void> run();
    /// Something has changed that it may wait for.
    void wake() { alarm_.cancel(); }
    /// For whoever wants to know why it waits; nothing if it does not.
    std::optional<waiting_call> describe_wait(wait_reason at_gate, time_point now) const;
    std::uint64_t id() const { return id_; }
    bool waits() const { return machine_ && machine_->waits(); }
    priority in() const { return class_; }
    std::uint64_t tenant() const { return tenant_; }
    time_point arrived() const { return arrived_; }

 private:
    // Told from elsewhere.
    void called() override;
    void leave_line(const error_code& error, permit leave) override;
    void on_sent(const error_code& error) override { end_step(error); }
    void on_read(const error_code& error) override { end_step(error); }
    void end_step(const error_code& error);
    void on_departure();

    io_awaitable<void> carry_out();
    /// Whose call it is. False if its key is none of those that are listed.
    bool find_tenant();
    call_record record(time_point now) const;
    class farewell;

    // The line.
    class stay;
    io_awaitable<void> wait_in_line();
    void describe();
    io_awaitable<void> follow(call_step next);
    call_step what_happened();
    call_step join_line();
    fair_line::newcomer newcomer() const;
    void settle();
    /// False if a budget of the tenant's day does not suffice; `no` says which.
    bool reserve_budget(own_answer& no);
    void settle_budget();
    call_step ask_gate();
    admission wanted() const;
    void leave_all();
    outlook look() const;
    struct arrival_outlook {
        outlook in_line;    ///< from the end of the line
        outlook on_return;  ///< from behind those, too, who were told to come again
    };
    arrival_outlook look_on_arrival(time_point now);
    /// Calls that wait behind each other: of one kind, tenant and class.
    std::uint64_t its_own() const;
    void promise_return(const own_answer& what, time_point now);
    void keep_place();
    io_awaitable<void> speak(call_step how);

    // Upstream, in call_exchange.cpp.
    io_awaitable<void> pass_at_once();
    io_awaitable<call_step> attempt();
    io_awaitable<error_code> exchange_heads();
    io_awaitable<error_code> connect();
    io_awaitable<error_code> acquire();
    io_awaitable<error_code> read_some();
    io_awaitable<error_code> read_refusal();
    io_awaitable<void> until_step();
    time_point limit_from(time_point now) const;
    void end_exchange();
    call_step judge();
    call_step fail(const error_code& error);

    io_awaitable<void> pass_on();
    io_awaitable<void> pass_body();
    io_awaitable<void> end_begun_stream();

    // Answers of the gateway's own.
    io_awaitable<void> tell(own_answer what);
    std::string own_lines() const;

    const std::shared_ptr<gateway> home_;
    http_server::exchange& with_;
    io_timer alarm_;
    destination where_;
    asked_call asked_;
    const std::uint64_t id_;
    const time_point arrived_;

    // What is told of it at its end.
    call_outcome outcome_ = call_outcome::cut;
    unsigned status_ = 0;
    std::optional<time_point> sent_;  // the last attempt
    bool may_cost_ = false;           // upstream has it, and has not refused it
    usage_scanner usage_;  // of what costs something: what passes without the line repeats others' counts

    // Waiting.
    std::optional<call_machine> machine_;
    priority class_ = priority::normal;
    priority line_class_ = priority::normal;  // where it stands in line, or has stood
    double charged_ = 1;                      // to its tenant
    std::uint64_t tenant_ = 0;
    std::optional<day_use> reserved_;  // of its tenant's budget
    day_books::day_number reserved_on_ = 0;
    waiting_lines::kind kind_ = 0;
    std::uint64_t hash_ = 0;  // by which its place is found again
    std::optional<fair_line::place> place_;
    bool was_called_ = false;
    bool is_at_gate_ = false;         // counted among those of its kind
    bool is_going_ = false;           // counted among those of its tenant
    std::optional<task_id> at_gate_;  // in the coordinator's line
    bool has_left_gate_ = false;
    error_code gate_error_;
    permit leave_;
    refusal_history refusals_;
    bool comments_ = false;

    // In flight.
    boost::asio::cancellation_signal acquiring_;
    connection_pool::lease leased_;
    bool exchanging_ = false;
    bool step_ended_ = false;
    error_code step_error_;
    time_point limit_ = never;
    std::string held_;  // of the answer's body, read before it is passed on
};

}  // namespace stagger::gateway
