#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <utility>

#include "stagger/time.hpp"

namespace stagger::server {

/** What is to happen when, on one timer for all of it.
 *
 * Entries are called by the executor, never inside `at`. A ticket is void once its entry was called.
 */
class agenda {
    using entries = std::multimap<time_point, std::function<void()>>;

 public:
    using ticket = entries::iterator;

    explicit agenda(const boost::asio::any_io_executor& executor) : timer_(executor) {}

    ticket at(time_point when, std::function<void()> what) {
        const ticket placed = entries_.emplace(when, std::move(what));
        if (!stopped_ && when < armed_for_) arm(when);
        return placed;
    }
    void cancel(ticket which) { entries_.erase(which); }
    /// Nothing happens any more. May be called from any thread, so that it holds even where the executor no
    /// longer runs.
    void stop() { stopped_ = true; }
    /// After `stop`, by the executor: lets it run out of work.
    void release() { timer_.cancel(); }

 private:
    void arm(time_point when) {
        armed_for_ = when;
        timer_.expires_at(when);
        timer_.async_wait([this](const boost::system::error_code& error) {
            if (!error && !stopped_) run_due();
        });
    }
    void run_due() {
        armed_for_ =
            time_point::min();  // entries placed from here are seen by the loop or armed for after it
        const time_point now = std::chrono::steady_clock::now();
        while (!stopped_ && !entries_.empty() && entries_.begin()->first <= now) {
            const auto due = entries_.extract(entries_.begin());
            due.mapped()();
        }
        armed_for_ = never;
        if (!stopped_ && !entries_.empty()) arm(entries_.begin()->first);
    }

    boost::asio::steady_timer timer_;
    entries entries_;
    time_point armed_for_ = never;
    std::atomic<bool> stopped_ = false;
};

}  // namespace stagger::server
