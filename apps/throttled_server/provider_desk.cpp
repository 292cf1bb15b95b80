#include "throttled_server/provider_desk.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <utility>

namespace stagger::server {

namespace asio = boost::asio;

namespace {

constexpr std::uint64_t trip_stream =
    0x7274740000000000u;  // the seed of round trips differs from the services'
constexpr auto with_closing = asio::as_tuple(asio::deferred);

time_point steady_now() {
    return std::chrono::steady_clock::now();
}

}  // namespace

void provider_desk::visitor::wake() {
    changed_.try_send(boost::system::error_code());
}

void provider_desk::visitor::leave() {
    gone_ = true;
    wake();
}

provider_desk::provider_desk(const asio::any_io_executor& executor, const provider::scenario& scenario,
                             std::uint64_t seed, statistics_recorder& recorder)
    : agenda_(executor),
      model_(scenario.provider, seed, steady_now()),
      recorder_(recorder),
      described_(scenario.provider),
      trips_(seed ^ trip_stream) {}

asio::awaitable<std::optional<provider::decision>> provider_desk::visit(visitor& who, provider::arrival what,
                                                                        std::size_t caller) {
    std::optional<provider::decision> decided = co_await enter(who, what, caller);
    if (!decided) co_return std::nullopt;
    if (decided->what == provider::decision::kind::admit) {
        co_await pause(who, steady_now() + decided->service);
        model_.depart(steady_now(), decided->id);
        settle_line();
        if (who.gone()) recorder_.abandoned(caller);
        co_await pause(who, steady_now() + half_trip());
    } else {
        co_await pause(who, steady_now() + decided->service + half_trip());
    }
    if (who.gone()) co_return std::nullopt;
    co_return decided;
}

asio::awaitable<std::optional<provider::decision>> provider_desk::enter(visitor& who, provider::arrival what,
                                                                        std::size_t caller) {
    co_await pause(who, steady_now() + half_trip());
    if (who.gone()) co_return std::nullopt;
    recorder_.arrived(caller, steady_now());
    provider::decision decided = model_.arrive(steady_now(), what);
    if (decided.what == provider::decision::kind::queue) {
        recorder_.queued(caller);
        const provider::request_id place = decided.id;
        std::optional<provider::decision> called = co_await stand_in_line(who, place);
        if (!called) {
            recorder_.abandoned(caller);
            co_return std::nullopt;
        }
        decided = std::move(*called);
        decided.id = place;
    }
    if (decided.what == provider::decision::kind::admit) {
        recorder_.accepted(caller);
    } else if (decided.what == provider::decision::kind::reject) {
        recorder_.rejected(caller, decided.refused_by == provider::refusal_cause::chance);
    } else {
        recorder_.failed(caller);
    }
    co_return decided;
}

void provider_desk::occupy(const provider::decision& admitted, std::size_t caller, held_place& held) {
    held.id = admitted.id;
    held.caller = caller;
    held.entered = steady_now();
    held.given_back = false;
    held.end = agenda_.at(held.entered + admitted.service, [this, &held] {
        held.given_back = true;
        model_.depart(steady_now(), held.id);
        settle_line();
    });
}

void provider_desk::vacate(const visitor& who, held_place& held) {
    if (!held.given_back) {
        held.given_back = true;
        agenda_.cancel(held.end);
        model_.depart(steady_now(), held.id);
        settle_line();
    }
    if (who.gone()) recorder_.abandoned(held.caller);
}

asio::awaitable<void> provider_desk::pause(visitor& who, time_point until) {
    if (until <= steady_now()) co_return;
    who.due_ = false;
    const agenda::ticket ticket = agenda_.at(until, [&who] {
        who.due_ = true;
        who.wake();
    });
    while (!who.due_ && !who.gone()) {
        const auto [closed] = co_await who.changed_.async_receive(with_closing);
        if (closed) break;
    }
    if (!who.due_) agenda_.cancel(ticket);
}

asio::awaitable<std::optional<provider::decision>> provider_desk::stand_in_line(visitor& who,
                                                                                provider::request_id place) {
    who.called_.reset();
    line_.emplace(static_cast<std::uint64_t>(place), &who);
    settle_line();  // plans the look at the end of its patience
    while (!who.called_ && !who.gone()) {
        const auto [closed] = co_await who.changed_.async_receive(with_closing);
        if (closed) break;
    }
    if (who.called_) co_return std::exchange(who.called_, std::nullopt);
    line_.erase(static_cast<std::uint64_t>(place));
    model_.depart(steady_now(), place);
    settle_line();
    co_return std::nullopt;
}

void provider_desk::settle_line() {
    for (const provider::queue_event& event : model_.events_until(steady_now())) {
        const auto found = line_.extract(static_cast<std::uint64_t>(event.id));
        if (found.empty()) continue;
        found.mapped()->called_ = event.outcome;
        found.mapped()->wake();
    }
    const time_point next = model_.next_event();
    if (next >= alarm_) return;
    alarm_ = next;
    agenda_.at(next, [this] {
        alarm_ = never;
        settle_line();
    });
}

duration provider_desk::half_trip() {
    return described_.rtt == duration::zero() ? described_.rtt : provider::draw_rtt(described_, trips_) / 2;
}

}  // namespace stagger::server
