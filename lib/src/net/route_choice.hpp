#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "http/io_types.hpp"
#include "net/context_bound.hpp"
#include "net/route_target.hpp"
#include "routing/route_line.hpp"
#include "stagger/route.hpp"

namespace stagger::detail {

/** @brief Where the requests of a client with several routes wait until one of these can take them.
 *
 * The driver of a `routing::route_line`: turns its moves into calls, and a timer and what becomes of attempts
 * into its events. Runs on the client's strand. Those that wait are kept by this alone, and keep their client
 * and so this: it is told of the end of their context also where the client is gone.
 */
class route_choice : public std::enable_shared_from_this<route_choice>, private context_bound {
 public:
    using guest_id = routing::route_line::guest;

    /// A request that waits, or stands in a gate's line.
    class guest {
     public:
        virtual void route_found(std::size_t where) = 0;
        virtual void no_route(errc why) = 0;
        /// It stands in the line of a gate that will not admit it, while another one would.
        virtual void recalled() = 0;

     protected:
        ~guest() = default;
    };
    using guest_pointer = std::shared_ptr<guest>;

    /// @param targets outlive this
    route_choice(const io_executor& strand, std::vector<std::unique_ptr<route_target>>& targets,
                 std::vector<routing::route_rules> rules);

    /// A first attempt: bound at once, or it is to be told to `waits`.
    routing::route_line::arrival arrive(time_point now, time_point deadline, priority in);
    /// It is called for by `look`, or later.
    void waits(guest_id id, const guest_pointer& who) { places_[id] = {who, {}}; }
    /// A further one, which waits. @param last where it was sent before, if anywhere
    void again(guest_id id, const guest_pointer& who, time_point deadline, std::optional<std::size_t> last,
               time_point not_before);
    /// True if it waited: it is not called any more.
    bool withdraw(guest_id id);
    /// The route cannot carry the request. False if none is left that can.
    bool exclude(guest_id id, std::size_t where) { return line_.exclude(id, where); }
    /// It was bound to a route, and waits in the line of its gate.
    void stands(guest_id id, const guest_pointer& who, std::size_t where);
    /// It was bound, and stands in the gate's line no longer, or never did.
    void left(guest_id id, std::size_t where);
    /// Nothing is kept of it.
    void forget(guest_id id);

    routing::route_health::attempt_number sent(time_point now, std::size_t where);
    void ended(time_point now, std::size_t where, routing::route_health::attempt_number which,
               routing::route_outcome what, std::optional<duration> opens_in);
    bool has_other(guest_id id, std::size_t than) const { return line_.has_other(id, than); }

    /// What all gates say together, with those that wait here. From any thread.
    coordinator_status status() const;
    /// Prompts that will follow those that wait.
    void expect(std::size_t further_requests) { expected_ = further_requests; }
    /// Nobody is sent any more: who waits, and who comes, ends with errc::shut_down.
    void close();
    /// What has happened may let somebody go. Not inside a call to a guest: then it follows that.
    void look();

 private:
    struct place {
        guest_pointer who;
        std::optional<std::size_t> bound_to;
    };

    void context_ends() noexcept override;
    void move_all();
    void end_all();
    route_condition condition(std::size_t where) const;
    void carry_out(const routing::route_line::move& next);
    /// Lets a gate know how much is to come its way: it would take its short line for the end of the work.
    void tell_rest(std::size_t where);
    void arm(time_point now);
    /// What the gates say now, as far as it may have changed.
    void look_at_gates(time_point now);
    void tell_condition(std::size_t where);

    /// What a gate said when it was asked last.
    struct gate_word {
        std::size_t first_route;          // of those that share it
        std::vector<std::size_t> routes;  // all of them
        const std::atomic<std::uint32_t>* latest_news;
        std::uint32_t news = 0;
        time_point asked_at = time_point::min();
        bool may_change_soon = true;   // it is to be asked each time
        std::size_t others = 0;        // who wait in its line beside those that were bound by this
        std::size_t told_to_come = 0;  // by `expect`
    };
    void ask(gate_word& gate, time_point now);
    std::size_t bound_to(const gate_word& gate) const;

    std::vector<std::unique_ptr<route_target>>& targets_;
    std::vector<gate_word> gates_;
    std::vector<std::size_t> gate_of_;  // of each route
    routing::route_line line_;
    std::unordered_map<guest_id, place> places_;
    std::vector<routing::route_load> loads_;
    std::optional<io_timer> timer_;  // nothing once the context has ended
    time_point armed_for_ = never;
    bool armed_ = false;
    std::atomic<std::size_t> waiting_{0};  // as it was last
    std::size_t expected_ = 0;
    bool closed_ = false;
    bool moving_ = false;
    bool again_ = false;
};

}  // namespace stagger::detail
