#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>

#include "cli/stop_signals.hpp"

namespace app {

/** @brief How a run is asked to end: first gently, so that what is in flight is awaited, then at once.
 *
 * What does not let itself be closed at once is given a moment; then the context is stopped.
 */
class interruption {
 public:
    explicit interruption(boost::asio::io_context& context)
        : context_(context), signals_(context), patience_(context) {}

    /// From now on. @param gently for the first signal; @param at_once for every further one
    void await(std::function<void()> gently, std::function<void()> at_once);
    /// A signal has come.
    bool has_come() const { return has_come_; }

 private:
    void come();

    boost::asio::io_context& context_;
    stop_signals signals_;
    boost::asio::steady_timer patience_;
    std::function<void()> gently_;
    std::function<void()> at_once_;
    bool has_come_ = false;
};

}  // namespace app
