#include "net/attempt_trace.hpp"

#include <algorithm>

namespace stagger::detail {

void attempt_trace::queued(time_point now, time_point not_before) {
    ++attempt_;
    was_admitted_ = false;
    carried_ = {};
    if (!told_) return;
    wait_ = std::make_unique<wait>();
    told_->queued({id(), std::max(not_before - now, duration::zero())});
}

void attempt_trace::waited(const permit& leave, bool admitted) {
    was_admitted_ = admitted;
    if (!told_) return;
    wait_->times = leave.waited();
    if (!admitted) return;
    wait_->admitted_at = std::chrono::steady_clock::now();
    told_->admitted({id(), wait_->times});
}

void attempt_trace::done(error_code error, const diagnostic& info, bool refused,
                         std::optional<duration> again_in, const hints& said,
                         std::optional<duration> hint_cut_to) {
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
    if (!told_) return;
    // Nothing has been noted where memory ran out.
    const waiting_times waited = wait_ ? wait_->times : waiting_times();
    told_->done({id(), error, info, was_admitted_, waited, carried_.sent, carried_.received, again_in, said,
                 hint_cut_to});
}

}  // namespace stagger::detail
