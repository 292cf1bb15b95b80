#include "stagger/retry_policy.hpp"

#include <boost/system/system_error.hpp>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

namespace stagger {

// NOLINTNEXTLINE(bugprone-throw-keyword-missing): the exception is kept, not thrown
attempt_result::attempt_result(std::exception_ptr exception) : exception_(std::move(exception)) {
    if (!exception_) return;
    try {
        std::rethrow_exception(exception_);
    } catch (const boost::system::system_error& thrown) {
        error_ = thrown.code();
    } catch (const std::system_error& thrown) {
        error_ = thrown.code();
    } catch (...) {  // NOLINT(bugprone-empty-catch): any other exception has no code
    }
}

classification classify_by_default(const attempt_result& result) {
    const auto error = result.error();
    if (!error) return {result.exception() ? verdict::permanent : verdict::ok};
    if (error == condition::throttled) return {verdict::throttled};
    if (error == condition::retryable) return {verdict::transient};
    return {verdict::permanent};
}

retry_policy& retry_policy::max_attempts(unsigned count) {
    max_attempts_ = count;
    return *this;
}

retry_policy& retry_policy::stop_after(duration limit) {
    if (limit < duration::zero()) {
        throw std::invalid_argument("stop_after: must be >= 0, is " + std::to_string(to_seconds(limit)) +
                                    " s");
    }
    stop_after_ = limit;
    return *this;
}

retry_policy& retry_policy::classify(classifier function) {
    if (!function) throw std::invalid_argument("classify: must not be empty");
    classify_ = std::move(function);
    by_default_ = false;
    return *this;
}

bool retry_policy::should_retry(verdict ended, unsigned attempts_made, duration elapsed) const {
    if (ended != verdict::throttled && ended != verdict::transient) return false;
    if (max_attempts_ != 0 && attempts_made >= max_attempts_) return false;
    return stop_after_ == duration::zero() || elapsed < stop_after_;
}

}  // namespace stagger
