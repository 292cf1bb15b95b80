#pragma once

#include <boost/asio/any_completion_executor.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/require.hpp>
#include <memory>
#include <utility>

#include "net/lent_permit.hpp"

namespace stagger::detail {

/** @brief The executor of an attempt of `async_retry`, which knows what leave the attempt has.
 *
 * Whatever the attempt awaits has it for its associated executor. That is how a gate recognises who has its
 * leave already: whoever held it and waited for another one would wait for itself.
 */
class attempt_executor {
 public:
    attempt_executor(boost::asio::any_io_executor inner, std::shared_ptr<lent_permit> leave)
        : inner_(std::move(inner)), leave_(std::move(leave)) {}

    template <class Function>
    void execute(Function&& function) const {
        inner_.execute(std::forward<Function>(function));
    }
    template <class Property>
    requires boost::asio::can_query<const boost::asio::any_io_executor&,
                                    const Property&>::value decltype(auto)
    query(const Property& property) const {
        return boost::asio::query(inner_, property);
    }
    template <class Property>
    requires boost::asio::can_require<const boost::asio::any_io_executor&, const Property&>::value
        attempt_executor
        require(const Property& property)
    const { return {boost::asio::require(inner_, property), leave_}; }
    template <class Property>
    requires boost::asio::can_prefer<const boost::asio::any_io_executor&, const Property&>::value
        attempt_executor
        prefer(const Property& property)
    const { return {boost::asio::prefer(inner_, property), leave_}; }
    friend bool operator==(const attempt_executor& left, const attempt_executor& right) noexcept {
        return left.inner_ == right.inner_ && left.leave_ == right.leave_;
    }
    friend bool operator!=(const attempt_executor& left, const attempt_executor& right) noexcept {
        return !(left == right);
    }

    lent_permit& leave() const { return *leave_; }

 private:
    boost::asio::any_io_executor inner_;
    std::shared_ptr<lent_permit> leave_;
};

/// The leave of the attempt that an operation is part of; null: of none that is known.
inline lent_permit* leave_of_attempt(const boost::asio::any_completion_executor& of_handler) {
    const auto* const nested = of_handler.target<boost::asio::any_io_executor>();
    const auto* const attempt =
        nested ? nested->target<attempt_executor>() : of_handler.target<attempt_executor>();
    return attempt ? &attempt->leave() : nullptr;
}

}  // namespace stagger::detail
