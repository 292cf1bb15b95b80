#include <utility>

#include "http/clock.hpp"
#include "net/request_task.hpp"
#include "request/judgement.hpp"

// How a request of a client with several routes finds one for each attempt, and what it tells of it.
namespace stagger::detail {

request_step request_task::choose_route(time_point now) {
    route_choice& choice = *client_->choice;
    if (routed()->guest == 0) {
        const auto came = choice.arrive(now, machine_.deadline(), machine_.in_class());
        routed()->guest = came.who;
        if (came.where) return take_route(*came.where, now);
        choice.waits(came.who, routed_guest());
    } else {
        choice.again(routed()->guest, routed_guest(), machine_.deadline(), routed()->where,
                     machine_.not_before());
    }
    choice.look();
    return request_step::nothing;
}

void request_task::stop_choosing() {
    // Whoever waits for a route is kept by that line alone.
    auto self = shared_from_this();
    if (!client_->choice->withdraw(routed()->guest)) return;
    client_->posting.execute([self = std::move(self)] {
        const time_point now = steady_now();
        self->guard([&] { self->carry_out(self->machine_.routed(errc::cancelled, false, now), now); });
    });
}

void request_task::route_found(std::size_t where) {
    guard([&] {
        const time_point now = steady_now();
        carry_out(take_route(where, now), now);
    });
}

request_step request_task::take_route(std::size_t where, time_point now) {
    const bool elsewhere = routed()->where != where;
    routed()->where = where;
    routed()->in_line = true;
    error_code error;
    std::string problem;
    if (!elsewhere && !body_.empty()) return machine_.routed({}, false, now);
    if (encode_for(way(), routed()->asked, error, problem)) return machine_.routed({}, elsewhere, now);
    leave_route_line();
    // Another dialect may be able to say it.
    if (!client_->choice->exclude(routed()->guest, where)) {
        break_down(error, problem, nullptr);
    } else {
        client_->choice->again(routed()->guest, routed_guest(), machine_.deadline(), {}, {});
        client_->choice->look();
    }
    return request_step::nothing;
}

void request_task::no_route(errc why) {
    guard([&] {
        const time_point now = steady_now();
        carry_out(machine_.routed(why, false, now), now);
    });
}

void request_task::recalled() {
    guard([&] { carry_out(machine_.reroute(), {}); });
}

void request_task::leave_route_line() {
    if (!std::exchange(routed()->in_line, false)) return;
    client_->choice->left(routed()->guest, *routed()->where);
    client_->choice->look();
}

bool request_task::tell_route(wire::decoded_answer& ended, time_point now) {
    const auto what = outcome_for_route(ended);
    route_choice& choice = *client_->choice;
    choice.ended(now, *routed()->where, std::exchange(routed()->attempt, 0), what, ended.what.retry_after);
    const bool has_other = choice.has_other(routed()->guest, *routed()->where);
    // What is final there is an accident where there is another way.
    if (has_other && what == routing::route_outcome::unusable) ended.what = {verdict::transient};
    return has_other;
}

void request_task::forget_route() {
    route_choice& choice = *client_->choice;
    if (const auto attempt = std::exchange(routed()->attempt, 0); attempt != 0)
        choice.ended(steady_now(), *routed()->where, attempt, routing::route_outcome::untold, {});
    leave_route_line();
    choice.forget(routed()->guest);
    choice.look();
}

}  // namespace stagger::detail
