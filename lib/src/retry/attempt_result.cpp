#include "stagger/attempt_result.hpp"

#include <boost/system/system_error.hpp>
#include <system_error>

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

std::string attempt_result::message() const {
    if (!message_.empty()) return std::string(message_);
    if (!exception_) return error_ ? error_.message() : std::string();
    try {
        std::rethrow_exception(exception_);
    } catch (const std::exception& thrown) {
        return thrown.what();
    } catch (...) {
        return {};
    }
}

classification classify_by_default(const attempt_result& result) {
    const auto error = result.error();
    if (!error) return {result.exception() ? verdict::permanent : verdict::ok};
    if (error == condition::throttled) return {verdict::throttled};
    if (error == condition::retryable) return {verdict::transient};
    return {verdict::permanent};
}

}  // namespace stagger
