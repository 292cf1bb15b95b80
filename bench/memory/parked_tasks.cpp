#include "parked_tasks.hpp"

#include <sys/resource.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <deque>
#include <functional>
#include <string>

#include "resident.hpp"
#include "stagger/client.hpp"

namespace parked {

namespace asio = boost::asio;

namespace {

using task = asio::awaitable<void>;
using channel = asio::experimental::channel<void(stagger::error_code, int)>;
using answer_channel = asio::experimental::channel<void(stagger::error_code, stagger::completion)>;

constexpr auto with_error = asio::as_tuple(asio::deferred);

double cpu_seconds() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& span) {
        return static_cast<double>(span.tv_sec) + static_cast<double>(span.tv_usec) * 1e-6;
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

task await_channel(channel& parked) {
    co_await parked.async_receive(with_error);
}

task await_gate(stagger::gate& line, std::size_t& ended) {
    const stagger::admission wanted;
    const auto [error, leave] = co_await line.async_admit(wanted, with_error);
    if (error == stagger::errc::cancelled) ++ended;
}

// The same as await_client, but for what is awaited: what it holds of a request and an answer is its own.
task await_answer(answer_channel& parked) {
    stagger::completion_request request("Why is the sky blue?");
    const auto [error, answer] = co_await parked.async_receive(with_error);
}

task await_client(stagger::client& llm, std::size_t& ended) {
    stagger::completion_request request("Why is the sky blue?");
    const auto [error, answer] = co_await llm.async_complete(std::move(request), with_error);
    if (error == stagger::errc::cancelled) ++ended;
}

double resident_bytes_of(asio::io_context& context, std::deque<asio::cancellation_signal>& signals,
                         const std::function<task()>& make) {
    const std::size_t before = resident_bytes();
    for (asio::cancellation_signal& each : signals) {
        asio::co_spawn(context, make(), asio::bind_cancellation_slot(each.slot(), asio::detached));
        context.poll();
    }
    return static_cast<double>(resident_bytes() - before) / static_cast<double>(signals.size());
}

void cancel_all(asio::io_context& context, std::deque<asio::cancellation_signal>& signals,
                const std::size_t& ended, cost& found) {
    const double began = cpu_seconds();
    for (asio::cancellation_signal& each : signals) each.emit(asio::cancellation_type::terminal);
    while (ended < signals.size() && context.run_one() != 0) continue;
    found.cancel_cpu_s = cpu_seconds() - began;
    found.ended = ended;
}

}  // namespace

cost measure(place where, std::size_t tasks) {
    // Never destroyed: the process ends with the measurement, and a channel lets go of its line, and of one
    // in it, in quadratic time.
    static asio::io_context context(1);
    static std::deque<asio::cancellation_signal> signals(tasks);
    static std::size_t ended = 0;
    cost found;
    if (where == place::channel) {
        static channel parked(context);
        found.resident_bytes = resident_bytes_of(context, signals, [] { return await_channel(parked); });
        return found;
    }
    if (where == place::answer_channel) {
        static answer_channel parked(context);
        found.resident_bytes = resident_bytes_of(context, signals, [] { return await_answer(parked); });
        return found;
    }
    // One permit in all, and it is taken.
    static stagger::gate line(context.get_executor(), stagger::coordinator_options().max_in_flight(1), 1);
    static stagger::permit taken;
    line.async_admit(stagger::admission(),
                     [](stagger::error_code, stagger::permit leave) { taken = std::move(leave); });
    context.run();
    context.restart();
    if (where == place::gate) {
        found.resident_bytes = resident_bytes_of(context, signals, [] { return await_gate(line, ended); });
    } else {
        static stagger::client llm(
            context.get_executor(),
            stagger::client_options().base_url("http://127.0.0.1:1/v1").model("m").api_key("key"), line);
        found.resident_bytes = resident_bytes_of(context, signals, [] { return await_client(llm, ended); });
    }
    cancel_all(context, signals, ended, found);
    return found;
}

}  // namespace parked
