#include "stagger/retry_condition.hpp"

#include <regex>
#include <stdexcept>

namespace stagger {

namespace {

// std::regex recurses for every character: what it is given must be bounded.
constexpr std::size_t searched_bytes = 1000;

}  // namespace

std::exception_ptr detail::cause_of(const std::exception_ptr& thrown) {
    std::exception_ptr cause;
    if (!thrown) return cause;
    try {
        std::rethrow_exception(thrown);
    } catch (const std::nested_exception& outer) {
        cause = outer.nested_ptr();
    } catch (...) {  // NOLINT(bugprone-empty-catch): it has no cause
    }
    return cause;
}

retry_condition::retry_condition(predicate rule) : rule_(std::move(rule)) {
    if (!rule_) throw std::invalid_argument("rule: must not be empty");
}

retry_condition operator|(retry_condition first, retry_condition second) {
    return retry_condition([a = std::move(first.rule_), b = std::move(second.rule_)](
                               const attempt_result& result) { return a(result) || b(result); });
}

retry_condition operator&(retry_condition first, retry_condition second) {
    return retry_condition([a = std::move(first.rule_), b = std::move(second.rule_)](
                               const attempt_result& result) { return a(result) && b(result); });
}

retry_condition operator!(retry_condition condition) {
    return retry_condition(
        [rule = std::move(condition.rule_)](const attempt_result& result) { return !rule(result); });
}

retry_condition retry_always() {
    return retry_condition([](const attempt_result&) { return true; });
}

retry_condition retry_never() {
    return retry_condition([](const attempt_result&) { return false; });
}

retry_condition retry_if_failed() {
    return retry_condition([](const attempt_result& result) { return result.failed(); });
}

retry_condition retry_if_exception() {
    return retry_condition([](const attempt_result& result) { return result.exception() != nullptr; });
}

retry_condition retry_if_error(error_code error) {
    return retry_condition([error](const attempt_result& result) { return result.error() == error; });
}

retry_condition retry_if_error(error_condition group) {
    return retry_condition([group](const attempt_result& result) { return result.error() == group; });
}

retry_condition retry_if_message(std::string part) {
    return retry_condition([part = std::move(part)](const attempt_result& result) {
        return result.failed() && result.message().find(part) != std::string::npos;
    });
}

retry_condition retry_if_message_matches(const std::string& pattern) {
    std::regex compiled;
    try {
        compiled.assign(pattern, std::regex::ECMAScript | std::regex::optimize);
    } catch (const std::regex_error& wrong) {
        throw std::invalid_argument("pattern: must be a regular expression, is \"" + pattern +
                                    "\": " + wrong.what());
    }
    return retry_condition([compiled = std::move(compiled)](const attempt_result& result) {
        if (!result.failed()) return false;
        std::string message = result.message();
        if (message.size() > searched_bytes) message.resize(searched_bytes);
        return std::regex_search(message, compiled);
    });
}

retry_condition retry_if(retry_condition::predicate rule) {
    return retry_condition(std::move(rule));
}

}  // namespace stagger
