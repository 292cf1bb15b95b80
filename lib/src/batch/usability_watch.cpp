#include "batch/usability_watch.hpp"

#include <algorithm>

namespace stagger::batch {

namespace {

// Prompts that name more models than this make them up.
constexpr std::size_t most_kinds = 256;

enum class blame {
    nobody,    // an answer, or a failure that passes
    prompt,    // rather, but the endpoint's where all fail in the same words and none was ever answered
    model,     // or the endpoint's
    endpoint,  // whatever the model
};

blame blame_of(error_code error) {
    if (error.category() != stagger_category()) return blame::nobody;
    switch (static_cast<errc>(error.value())) {
        case errc::bad_request:
            return blame::prompt;
        case errc::forbidden:
        case errc::not_found:
        case errc::malformed_answer:
            return blame::model;
        case errc::unauthorized:
        case errc::quota_exhausted:
        case errc::redirected:
        case errc::unreadable_answer:
            return blame::endpoint;
        default:
            return blame::nobody;
    }
}

}  // namespace

usability_watch::kind_state* usability_watch::of(std::uint64_t kind) {
    const auto found = kinds_.find(kind);
    if (found != kinds_.end()) return &found->second;
    return kinds_.size() < most_kinds ? &kinds_[kind] : nullptr;
}

std::optional<usability_watch::order> usability_watch::attempt_ended(time_point now, const diagnostic& info) {
    kind_state* const known = of(info.alike);
    if (!known || known->now == phase::unusable) return std::nullopt;
    kind_state& one = *known;
    const time_point sent = now - info.served;
    if (!info.last_error) return succeeded(info.alike, one, sent);
    const blame whose = blame_of(info.last_error);
    const bool counts = whose > blame::prompt || (whose == blame::prompt && !one.answered);
    if (counts) return failed(info.alike, one, now, sent, info);
    // Refused for now, or an accident: it does not tell, and another one is to ask.
    if (one.now == phase::asked && sent >= one.since) return order{step::ask_again, info.alike};
    return std::nullopt;
}

// What was sent before the first that failed may have been answered before everything went wrong.
std::optional<usability_watch::order> usability_watch::succeeded(std::uint64_t kind, kind_state& one,
                                                                 time_point sent) {
    one.answered = answered_ = true;
    one.latest_answered = std::max(one.latest_answered, sent);
    if (one.in_a_row == 0 || sent < one.first_sent) return std::nullopt;
    one.in_a_row = 0;
    if (one.now == phase::usable) return std::nullopt;
    one.now = phase::usable;
    one.enough *= 2;
    return order{step::release, kind};
}

std::optional<usability_watch::order> usability_watch::failed(std::uint64_t kind, kind_state& one,
                                                              time_point now, time_point sent,
                                                              const diagnostic& info) {
    const bool of_prompts = blame_of(info.last_error) == blame::prompt;
    const bool other_words = of_prompts && one.in_a_row > 0 && info.message != one.message;
    if (one.now == phase::asked) {
        if (sent < one.since) return std::nullopt;
        if (other_words) return succeeded(kind, one, sent);
    } else if (other_words) {
        one.in_a_row = 0;
    }
    if (one.in_a_row++ == 0) one.first_sent = sent;
    one.error = info.last_error;
    one.message = info.message;
    if (one.now == phase::asked) {
        give_up(one);
        return order{step::refuse, kind};
    }
    // Prompts that stand together in a list may be wrong in the same way.
    const unsigned enough = of_prompts ? 2 * one.enough : one.enough;
    if (one.now == phase::pausing || one.in_a_row < enough) return std::nullopt;
    one.now = phase::pausing;
    one.since = now;
    return order{step::hold, kind};
}

void usability_watch::give_up(kind_state& one) {
    one.now = phase::unusable;
    error_ = one.error;
    message_ = one.message;
}

std::vector<usability_watch::order> usability_watch::look(time_point now) {
    std::vector<order> orders;
    for (auto& [kind, one] : kinds_) {
        if (one.now != phase::pausing || now - one.since < pause) continue;
        one.now = phase::asked;
        one.since = now;
        orders.push_back({step::ask_again, kind});
    }
    return orders;
}

bool usability_watch::may_be_endpoints(error_code error) {
    return blame_of(error) != blame::nobody;
}

bool usability_watch::is_open(const diagnostic& info, time_point ended) const {
    const blame whose = blame_of(info.last_error);
    const auto found = kinds_.find(info.alike);
    if (whose == blame::nobody || found == kinds_.end()) return false;
    const kind_state& one = found->second;
    if (whose == blame::prompt && one.answered) return false;
    return one.latest_answered < ended && one.now != phase::unusable;
}

bool usability_watch::is_unusable(std::uint64_t kind) const {
    const auto found = kinds_.find(kind);
    return found != kinds_.end() && found->second.now == phase::unusable;
}

bool usability_watch::all_unusable() const {
    return !kinds_.empty() && std::all_of(kinds_.begin(), kinds_.end(),
                                          [](const auto& one) { return one.second.now == phase::unusable; });
}

bool usability_watch::endpoint_unusable() const {
    return all_unusable() && std::any_of(kinds_.begin(), kinds_.end(), [](const auto& one) {
               return blame_of(one.second.error) == blame::endpoint;
           });
}

bool usability_watch::any_unusable() const {
    return std::any_of(kinds_.begin(), kinds_.end(),
                       [](const auto& one) { return one.second.now == phase::unusable; });
}

void usability_watch::finish() {
    for (auto& [kind, one] : kinds_) {
        if (one.now == phase::unusable) continue;
        if (one.in_a_row == 0) {
            one.latest_answered = time_point::max();
            continue;
        }
        // Prompts that are refused as invalid may be so; there was none left to ask.
        const bool of_prompts = blame_of(one.error) == blame::prompt;
        if (!of_prompts && (one.now != phase::usable || !answered_)) {
            give_up(one);
        } else {
            one.latest_answered = time_point::max();
        }
    }
}

std::string usability_watch::reason() const {
    if (!error_) return {};
    std::string text = error_.message();
    if (!message_.empty() && message_ != text) text += ": " + message_;
    if (kinds_.size() > 1 && !all_unusable()) text += " (one model of " + std::to_string(kinds_.size()) + ")";
    return text;
}

}  // namespace stagger::batch
