#include "net/attempt_trace.hpp"

#include <algorithm>
#include <utility>

namespace stagger::detail {

attempt_trace::watched& attempt_trace::watch() {
    if (!watched_) watched_ = std::make_unique<watched>();
    return *watched_;
}

void attempt_trace::note(std::string tag, std::string model) {
    watch().tag = std::move(tag);
    watch().model = std::move(model);
}

void attempt_trace::queued(time_point now, time_point not_before) {
    ++attempt_;
    was_admitted_ = false;
    carried_ = {};
    if (!observer()) return;
    watch().waited = {};
    watch().admitted_at = {};
    observer()->queued({id(), std::max(not_before - now, duration::zero())});
}

void attempt_trace::waited(const permit& leave, bool admitted) {
    was_admitted_ = admitted;
    if (!observer()) return;
    watched_->waited = leave.waited();
    if (!admitted) return;
    watched_->admitted_at = std::chrono::steady_clock::now();
    observer()->admitted({id(), watched_->waited});
}

void attempt_trace::done(error_code error, const diagnostic& info, bool refused,
                         std::optional<duration> again_in, const hints& said,
                         std::optional<duration> hint_cut_to, const token_usage& used) {
    if (was_admitted_) {
        counts_->attempts.add();
        counts_->rejections.add(refused);
        if (error && error == errc::unreadable_answer) counts_->unreadable_answers.add();
        const bool answered = info.phase == request_phase::answered;
        counts_->attempts_by_status[answered ? std::min(info.http_status, client_counts::statuses - 1) : 0]
            .add();
        counts_->bytes_sent.add(carried_.sent);
        counts_->bytes_received.add(carried_.received);
    }
    if (!observer()) return;
    // Nothing has been noted where memory ran out.
    static const watched nothing;
    const watched& noted = watched_ ? *watched_ : nothing;
    observer()->done({id(), error, info, was_admitted_, noted.waited, carried_.sent, carried_.received,
                      again_in, said, hint_cut_to, noted.tag, noted.model, used});
}

}  // namespace stagger::detail
