#include "stop_signals.hpp"

#include <csignal>
#include <utility>

#include "stagger/error.hpp"

namespace app {

stop_signals::stop_signals(boost::asio::io_context& context, hangup means)
    : signals_(context, SIGINT, SIGTERM) {
    if (means == hangup::ends) signals_.add(SIGHUP);
}

void stop_signals::await(std::function<void()> told) {
    told_ = std::move(told);
    next();
}

void stop_signals::next() {
    signals_.async_wait([this](stagger::error_code error, int) {
        if (error) return;
        next();
        told_();
    });
}

}  // namespace app
