#include "stop_signals.hpp"

#include <csignal>
#include <utility>

#include "stagger/error.hpp"

namespace app {

stop_signals::stop_signals(boost::asio::io_context& context) : signals_(context, SIGINT, SIGTERM, SIGHUP) {}

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
