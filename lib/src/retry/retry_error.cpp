#include "stagger/retry_error.hpp"

#include <string>

namespace stagger {

namespace {

std::string text_of(const retry_state& given_up) {
    std::string text = "given up after " + std::to_string(given_up.attempts) + " attempts in " +
                       std::to_string(to_seconds(given_up.elapsed)) + " s: ";
    if (!given_up.outcome || !given_up.outcome->failed()) return text + "the last result was not accepted";
    const std::string reason = given_up.outcome->message();
    return text + (reason.empty() ? "an exception without a text" : reason);
}

}  // namespace

retry_error::retry_error(const retry_state& given_up)
    : std::runtime_error(text_of(given_up)),
      attempts_(given_up.attempts),
      elapsed_(given_up.elapsed),
      idle_(given_up.idle) {
    if (!given_up.outcome) return;
    code_ = given_up.outcome->error();
    last_exception_ = given_up.outcome->exception();
}

}  // namespace stagger
