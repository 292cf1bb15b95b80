#pragma once

#include <boost/asio/associator.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/version.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "stagger/completion.hpp"
#include "stagger/completion_error.hpp"
#include "stagger/error.hpp"

// What makes a failed completion a completion_error: Asio knows the error code alone, and throws that. Tokens
// that throw (use_awaitable, use_future, and what is wrapped around them) are given an exception in place of
// the code; as_tuple, redirect_error and callbacks get the code, as everywhere.

// Declared here, so that a program that uses neither need not parse them.
namespace boost::asio {
template <class Executor>
struct use_awaitable_t;
template <class Allocator>
class use_future_t;
#if BOOST_ASIO_VERSION < 102800
namespace detail {
template <class Signature, class Executor>
class awaitable_async_op_handler;
}
#endif
}  // namespace boost::asio

namespace stagger {
class completion_stream;
}

namespace stagger::detail {

class answer_stream;

/// What is known of a failure beside its code, by what came with that; null: nothing.
inline const diagnostic* diagnostic_of(const completion& failed) {
    return &failed.info;
}
const diagnostic* diagnostic_of(const completion_stream& failed);
/// @param error with which a piece of it came; errc::invalid_request: it goes on, and must not be looked at
const diagnostic* diagnostic_of(const answer_stream& failed, error_code error);

/// Nothing throws out of it, since who completes an operation cannot take an exception.
inline std::exception_ptr thrown_for(error_code error, const diagnostic* known) noexcept {
    try {
        return std::make_exception_ptr(completion_error(error, known ? *known : diagnostic()));
    } catch (...) {
        return std::current_exception();
    }
}

/// Where the diagnostic of a failure is: in what came with the error code.
template <class Result>
struct diagnostic_place {
    template <class... InitArgs>
    explicit diagnostic_place(const InitArgs&...) {}
    const diagnostic* find(error_code, const Result& failed) const { return diagnostic_of(failed); }
};
/// A piece of a stream comes without one: its stream has it.
template <>
struct diagnostic_place<std::optional<completion_delta>> {
    diagnostic_place() = default;
    explicit diagnostic_place(std::shared_ptr<answer_stream> begun) : stream(std::move(begun)) {}
    const diagnostic* find(error_code error, const std::optional<completion_delta>&) const {
        return stream ? diagnostic_of(*stream, error) : nullptr;
    }
    std::shared_ptr<answer_stream> stream;
};

/// Takes an error code, and gives `Handler` an exception.
template <class Handler, class Result>
struct throwing_handler {
    Handler handler;
    [[no_unique_address]] diagnostic_place<Result> place;

    void operator()(error_code error, Result result) {
        std::exception_ptr thrown;
        if (error) thrown = thrown_for(error, place.find(error, result));
        std::move(handler)(std::move(thrown), std::move(result));
    }
};

/// Begins an operation that ends with an error code, for a handler that takes an exception.
template <class Initiation, class Result>
struct throwing_initiation {
    Initiation initiation;

    template <class Handler, class... Args>
    void operator()(Handler&& handler, Args&&... args) {
        throwing_handler<std::decay_t<Handler>, Result> throwing{std::forward<Handler>(handler),
                                                                 diagnostic_place<Result>(args...)};
        std::move(initiation)(std::move(throwing), std::forward<Args>(args)...);
    }
};

/// What begins an operation for `Token` with an exception in place of its error code.
template <class Result, class Token, class Initiation, class... Args>
auto initiate_throwing(Initiation&& initiation, Token& token, Args&&... args) {
    using throwing = throwing_initiation<std::decay_t<Initiation>, Result>;
    return boost::asio::async_initiate<Token, void(std::exception_ptr, Result)>(
        throwing{std::forward<Initiation>(initiation)}, token, std::forward<Args>(args)...);
}

/// For `Token`, in place of what Asio makes of an error code. The base of async_result below.
template <class Token, class Result>
struct throwing_result {
    using return_type =
        typename boost::asio::async_result<Token, void(std::exception_ptr, Result)>::return_type;

    template <class Initiation, class GivenToken, class... Args>
    static auto initiate(Initiation&& initiation, GivenToken&& token, Args&&... args) {
        std::decay_t<GivenToken> own(std::forward<GivenToken>(token));
        return initiate_throwing<Result>(std::forward<Initiation>(initiation), own,
                                         std::forward<Args>(args)...);
    }
};

template <class Result>
concept comes_with_exception = std::is_same_v<Result, completion> ||
    std::is_same_v<Result, completion_stream> || std::is_same_v<Result, std::optional<completion_delta>>;

template <class Result>
struct exception_or {
    std::exception_ptr thrown;
    Result result;
};

}  // namespace stagger::detail

/// @cond  doxygen knows no namespace boost::asio
namespace boost::asio {

template <template <class, class> class Associator, class Handler, class Result, class Default>
struct associator<Associator, stagger::detail::throwing_handler<Handler, Result>, Default>
    : Associator<Handler, Default> {
    static decltype(auto) get(const stagger::detail::throwing_handler<Handler, Result>& throwing) noexcept {
        return Associator<Handler, Default>::get(throwing.handler);
    }
    static decltype(auto) get(const stagger::detail::throwing_handler<Handler, Result>& throwing,
                              const Default& otherwise) noexcept {
        return Associator<Handler, Default>::get(throwing.handler, otherwise);
    }
};

template <class Executor>
class async_result<use_awaitable_t<Executor>, void(stagger::error_code, stagger::completion)>
    : public stagger::detail::throwing_result<use_awaitable_t<Executor>, stagger::completion> {};
template <class Executor>
class async_result<use_awaitable_t<Executor>, void(stagger::error_code, stagger::completion_stream)>
    : public stagger::detail::throwing_result<use_awaitable_t<Executor>, stagger::completion_stream> {};
template <class Executor>
class async_result<use_awaitable_t<Executor>,
                   void(stagger::error_code, std::optional<stagger::completion_delta>)>
    : public stagger::detail::throwing_result<use_awaitable_t<Executor>,
                                              std::optional<stagger::completion_delta>> {};

template <class Allocator>
class async_result<use_future_t<Allocator>, void(stagger::error_code, stagger::completion)>
    : public stagger::detail::throwing_result<use_future_t<Allocator>, stagger::completion> {};
template <class Allocator>
class async_result<use_future_t<Allocator>, void(stagger::error_code, stagger::completion_stream)>
    : public stagger::detail::throwing_result<use_future_t<Allocator>, stagger::completion_stream> {};
template <class Allocator>
class async_result<use_future_t<Allocator>,
                   void(stagger::error_code, std::optional<stagger::completion_delta>)>
    : public stagger::detail::throwing_result<use_future_t<Allocator>,
                                              std::optional<stagger::completion_delta>> {};

#if BOOST_ASIO_VERSION < 102800
namespace detail {

// What awaits an exception beside a value does not compile in Boost 1.81; later ones have it mended.
template <stagger::detail::comes_with_exception Result, class Executor>
class awaitable_async_op_handler<void(std::exception_ptr, Result), Executor>
    : public awaitable_async_op_handler<void(stagger::detail::exception_or<Result>), Executor> {
    using either = stagger::detail::exception_or<Result>;
    using base = awaitable_async_op_handler<void(either), Executor>;

 public:
    using base::base;

    void operator()(std::exception_ptr thrown, Result result) {
        base::operator()(either{std::move(thrown), std::move(result)});
    }
    static Result resume(typename base::result_type& came) {
        either ended = base::resume(came);
        if (ended.thrown) std::rethrow_exception(std::move(ended.thrown));
        return std::move(ended.result);
    }
};

}  // namespace detail
#endif

}  // namespace boost::asio
/// @endcond
