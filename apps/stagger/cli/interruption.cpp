#include "interruption.hpp"

#include <chrono>
#include <utility>

#include "stagger/error.hpp"

namespace app {

namespace {

// Behind the second signal everything is being closed; this is for what does not let itself be closed.
constexpr auto last_patience = std::chrono::seconds(1);

}  // namespace

void interruption::await(std::function<void()> gently, std::function<void()> at_once) {
    gently_ = std::move(gently);
    at_once_ = std::move(at_once);
    signals_.await([this] { come(); });
}

void interruption::come() {
    if (!std::exchange(has_come_, true)) return gently_();
    at_once_();
    patience_.expires_after(last_patience);
    patience_.async_wait([this](stagger::error_code error) {
        if (!error) context_.stop();
    });
}

}  // namespace app
