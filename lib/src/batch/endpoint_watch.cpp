#include "batch/endpoint_watch.hpp"

#include "base/endpoint_error.hpp"

namespace stagger::batch {
namespace {

enum class kind { answered, unanswered, refused_key, refused_endpoint, silent };

kind kind_of(error_code error) {
    if (!error) return kind::answered;
    if (error.category() != stagger_category()) return kind::silent;
    const auto what = static_cast<errc>(error.value());
    if (is_endpoint_error(what)) return kind::refused_endpoint;
    switch (what) {
        case errc::unauthorized:
        case errc::forbidden:
            return kind::refused_key;
        case errc::name_server_unreachable:
        case errc::connect_failed:
        case errc::connection_lost:
        case errc::tls_handshake_failed:
        case errc::proxy_failed:
        case errc::resolve_timed_out:
        case errc::connect_timed_out:
        case errc::handshake_timed_out:
        case errc::send_timed_out:
        case errc::answer_timed_out:
        case errc::answer_truncated:
        case errc::unreadable_answer:
            return kind::unanswered;
        case errc::callback_threw:
        case errc::invalid_request:
        case errc::deadline_exceeded:
        case errc::cancelled:
        case errc::shut_down:
            return kind::silent;
        default:
            return kind::answered;
    }
}

// Connections that an overloaded server lets time out while it works on others are no proof; a quarter of
// everything sent is.
constexpr std::size_t share_that_proves = 4;

/// " within 10 s"; nothing where it was not even a second.
std::string within(duration watched) {
    const auto whole_s = std::chrono::duration_cast<std::chrono::seconds>(watched).count();
    return whole_s > 0 ? " within " + std::to_string(whole_s) + " s" : "";
}

/// The server may have let it through all the same.
bool breaks_answer(error_code error) {
    return error == errc::answer_truncated || error == errc::unreadable_answer;
}

}  // namespace

void endpoint_watch::ended(error_code error) {
    switch (kind_of(error)) {
        case kind::answered:
            answered_ = true;
            key_accepted_ = true;
            break;
        case kind::unanswered:
            ++unanswered_;
            last_unanswered_ = error;
            broken_answers_ += breaks_answer(error);
            break;
        case kind::refused_key:
            if (!key_accepted_ && !final_) final_ = error;
            answered_ = true;
            break;
        case kind::refused_endpoint:
            if (!final_) final_ = error;
            break;
        case kind::silent:
            break;
    }
}

std::optional<error_code> endpoint_watch::verdict(time_point now, std::size_t in_flight) const {
    if (final_) return final_;
    if (answered_ || unanswered_ == 0 || now - started_ < patience) return std::nullopt;
    if (unanswered_ * share_that_proves < unanswered_ + in_flight) return std::nullopt;
    return last_unanswered_;
}

std::optional<error_code> endpoint_watch::last_verdict() const {
    if (final_) return final_;
    return answered_ || unanswered_ == 0 ? std::nullopt : std::optional(last_unanswered_);
}

std::string explain(error_code verdict, const std::string& message, duration watched) {
    const auto& reason = message.empty() ? verdict.message() : message;
    switch (kind_of(verdict)) {
        case kind::unanswered:
            return "nothing was answered" + within(watched) + ": " + reason;
        case kind::refused_key:
            return message.empty() ? reason : verdict.message() + ": " + message;
        default:
            return reason;
    }
}

bool concerns_endpoint(error_code error) {
    const auto what = kind_of(error);
    return what == kind::refused_key || what == kind::refused_endpoint || what == kind::unanswered;
}

}  // namespace stagger::batch
