#include "request/accidents.hpp"

#include <cmath>
#include <utility>

namespace stagger::detail {

namespace {

// Of a request that is tried for hours: enough to see what it met at first and what it meets now.
constexpr std::size_t most_listed = 20;
constexpr std::size_t first_listed = 10;

}  // namespace

void accidents::add(failed_try one) {
    ++history_.failures;
    if (tries_.size() == most_listed) tries_.erase(tries_.begin() + first_listed);
    tries_.push_back(std::move(one));
}

std::string accidents::explained(const prompt_outcomes& now, time_point at, const std::string& last) const {
    const double since = std::chrono::duration<double>(at - history_.first_sent).count();
    return "failed " + std::to_string(history_.failures) + " times in " + std::to_string(std::lround(since)) +
           " s, in which " + std::to_string(answered_since(history_, now)) +
           " other requests of the same model and key were answered: " + last;
}

}  // namespace stagger::detail
