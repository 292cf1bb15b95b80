#include "stagger/error.hpp"

#include <array>
#include <boost/system/errc.hpp>
#include <string>

namespace stagger {

namespace {

struct description {
    errc value;
    std::string_view name;
    const char* message;
};

constexpr std::array descriptions{
    description{errc::rate_limited, "rate_limited", "rate limit reached"},
    description{errc::overloaded, "overloaded", "server is overloaded"},
    description{errc::server_error, "server_error", "server error"},
    description{errc::name_server_unreachable, "name_server_unreachable", "name server could not be asked"},
    description{errc::connect_failed, "connect_failed", "no address of the host accepted a connection"},
    description{errc::connection_lost, "connection_lost", "connection was closed before an answer began"},
    description{errc::answer_truncated, "answer_truncated", "connection ended inside the answer"},
    description{errc::unreadable_answer, "unreadable_answer", "answer is no JSON, or only a part of it"},
    description{errc::tls_handshake_failed, "tls_handshake_failed", "TLS handshake was broken off"},
    description{errc::proxy_failed, "proxy_failed", "proxy could not reach the server"},
    description{errc::resolve_timed_out, "resolve_timed_out", "name resolution took too long"},
    description{errc::connect_timed_out, "connect_timed_out", "connecting took too long"},
    description{errc::handshake_timed_out, "handshake_timed_out", "TLS handshake took too long"},
    description{errc::send_timed_out, "send_timed_out", "sending the request took too long"},
    description{errc::answer_timed_out, "answer_timed_out",
                "answer was not whole within the attempt's time limit"},
    description{errc::bad_request, "bad_request", "server refused the request as invalid"},
    description{errc::unauthorized, "unauthorized", "API key was not accepted"},
    description{errc::forbidden, "forbidden", "server forbids this request"},
    description{errc::not_found, "not_found", "server does not know this path or model"},
    description{errc::quota_exhausted, "quota_exhausted", "account's quota is used up"},
    description{errc::redirected, "redirected", "server redirects elsewhere"},
    description{errc::error_in_answer, "error_in_answer", "answer reports an error"},
    description{errc::malformed_answer, "malformed_answer", "answer could not be understood"},
    description{errc::answer_too_large, "answer_too_large", "answer is larger than allowed"},
    description{errc::name_not_found, "name_not_found", "host name does not exist"},
    description{errc::certificate_expired, "certificate_expired", "server's certificate has expired"},
    description{errc::certificate_not_yet_valid, "certificate_not_yet_valid",
                "server's certificate is not valid yet"},
    description{errc::certificate_wrong_host, "certificate_wrong_host",
                "server's certificate was issued for another host"},
    description{errc::certificate_self_signed, "certificate_self_signed",
                "server's certificate is self-signed"},
    description{errc::certificate_untrusted, "certificate_untrusted", "server's certificate is not trusted"},
    description{errc::client_certificate_refused, "client_certificate_refused",
                "server demands a client certificate that it accepts"},
    description{errc::proxy_refused, "proxy_refused", "proxy refuses the connection"},
    description{errc::callback_threw, "callback_threw", "a function of the program threw an exception"},
    description{errc::invalid_request, "invalid_request", "request is invalid and was not sent"},
    description{errc::prompt_refused, "prompt_refused",
                "server refuses this prompt while it admits others like it"},
    description{errc::prompt_failed, "prompt_failed", "prompt fails every time while others are answered"},
    description{errc::deadline_exceeded, "deadline_exceeded",
                "request could not be answered before its deadline"},
    description{errc::cancelled, "cancelled", "cancelled"},
    description{errc::shut_down, "shut_down", "client was shut down"},
};

constexpr std::size_t position(errc value) {
    return static_cast<std::size_t>(value) - 1;
}

constexpr bool in_order() {
    for (std::size_t i = 0; i < descriptions.size(); ++i) {
        if (position(descriptions[i].value) != i) return false;
    }
    return true;
}
static_assert(in_order() && position(errc::shut_down) + 1 == descriptions.size(),
              "a value's place in the table is the value less one");

const description* find(int value) {
    if (value < 1 || static_cast<std::size_t>(value) > descriptions.size()) return nullptr;
    return &descriptions[position(static_cast<errc>(value))];
}

bool is_throttled(errc value) {
    return value == errc::rate_limited || value == errc::overloaded;
}

bool is_cancelled(errc value) {
    return value == errc::cancelled || value == errc::shut_down;
}

bool is_timed_out(errc value) {
    return (value >= errc::resolve_timed_out && value <= errc::answer_timed_out) ||
           value == errc::deadline_exceeded;
}

bool matches(errc value, condition group) {
    switch (group) {
        case condition::throttled:
            return is_throttled(value);
        case condition::retryable:
            return value <= errc::answer_timed_out;
        case condition::permanent:
            return value >= errc::bad_request && value <= errc::prompt_failed;
        case condition::cancelled:
            return is_cancelled(value);
        case condition::timed_out:
            return is_timed_out(value);
    }
    return false;
}

/// A code of another library, known by its category's name: this layer must not include Asio.
struct foreign_code {
    std::string_view category;
    int value;

    bool is(const error_code& code) const {
        return code.value() == value && category == code.category().name();
    }
};

constexpr foreign_code asio_end_of_file{"asio.misc", 2};
constexpr foreign_code tls_stream_truncated{"asio.ssl.stream", 1};
constexpr foreign_code asio_channel_cancelled{"asio.channel", 2};
// The values of <netdb.h>, which Asio passes on.
constexpr foreign_code name_not_found{"asio.netdb", 1};
constexpr foreign_code try_name_again{"asio.netdb", 2};
constexpr foreign_code name_without_address{"asio.netdb", 4};

bool is_broken_connection(const error_code& code) {
    using namespace boost::system::errc;
    for (auto broken : {connection_refused, connection_reset, connection_aborted, broken_pipe, not_connected,
                        network_down, network_unreachable, network_reset, host_unreachable, timed_out}) {
        if (code == broken) return true;
    }
    return asio_end_of_file.is(code) || tls_stream_truncated.is(code) || try_name_again.is(code);
}

bool matches_foreign(const error_code& code, condition group) {
    switch (group) {
        case condition::throttled:
            return false;
        case condition::retryable:
            return is_broken_connection(code);
        case condition::permanent:
            return name_not_found.is(code) || name_without_address.is(code);
        case condition::cancelled:
            return code == boost::system::errc::operation_canceled || asio_channel_cancelled.is(code);
        case condition::timed_out:
            return code == boost::system::errc::timed_out;
    }
    return false;
}

#ifdef __GNUC__
// The destructor of Boost's base class is protected; its friends make g++ take it for public.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
#endif

class error_values final : public error_category {
 public:
    const char* name() const noexcept override { return "stagger"; }
    std::string message(int value) const override { return text(value); }
    const char* message(int value, char*, std::size_t) const noexcept override { return text(value); }

 private:
    static const char* text(int value) {
        const auto* found = find(value);
        return found ? found->message : "unknown error";
    }
};

class condition_values final : public error_category {
 public:
    const char* name() const noexcept override { return "stagger.condition"; }
    std::string message(int value) const override { return text(value); }
    const char* message(int value, char*, std::size_t) const noexcept override { return text(value); }

    bool equivalent(const error_code& code, int value) const noexcept override {
        const auto group = static_cast<condition>(value);
        if (code.category() != stagger_category()) return matches_foreign(code, group);
        return find(code.value()) && matches(static_cast<errc>(code.value()), group);
    }
    bool equivalent(int code, const error_condition& other) const noexcept override {
        return error_category::equivalent(code, other);
    }

 private:
    static const char* text(int value) {
        switch (static_cast<condition>(value)) {
            case condition::throttled:
                return "throttled";
            case condition::retryable:
                return "may succeed later";
            case condition::permanent:
                return "will fail again";
            case condition::cancelled:
                return "cancelled";
            case condition::timed_out:
                return "timed out";
        }
        return "unknown condition";
    }
};

#ifdef __GNUC__
#pragma GCC diagnostic pop
#endif

}  // namespace

const error_category& stagger_category() noexcept {
    static const error_values category;
    return category;
}

const error_category& condition_category() noexcept {
    static const condition_values category;
    return category;
}

error_code make_error_code(errc value) noexcept {
    return {static_cast<int>(value), stagger_category()};
}

error_condition make_error_condition(condition value) noexcept {
    return {static_cast<int>(value), condition_category()};
}

std::string_view to_string(errc value) noexcept {
    const auto* found = find(static_cast<int>(value));
    return found ? found->name : "unknown";
}

}  // namespace stagger
