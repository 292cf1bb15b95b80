#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "http/connection.hpp"
#include "net/client_counts.hpp"
#include "stagger/gate.hpp"
#include "stagger/observer.hpp"

namespace stagger::detail {

/** @brief Counts what becomes of a request's attempts, and tells the observer, if there is one.
 *
 * Used on the client's strand; whoever holds it keeps the client.
 */
class attempt_trace {
 public:
    attempt_trace(client_counts& counts, attempt_observer* told) : counts_(&counts), told_(told) {}

    void request_started() {
        counts_->started.add();
        request_ = counts_->started.value();
    }
    void request_ended(bool well) { (well ? counts_->succeeded : counts_->failed).add(); }

    void queued(time_point now, time_point not_before);
    /// @param leave the permit, or what came instead of one
    void waited(const permit& leave, bool admitted);
    void connected(bool reused) {
        new_connection_ = !reused;
        (reused ? counts_->connections_reused : counts_->connections_opened).add();
    }
    void not_connected() { counts_->connections_failed.add(); }
    void sent(std::size_t bytes) {
        if (told_) told_->sent({id(), bytes, new_connection_});
    }
    void head(unsigned status) {
        if (told_) told_->head({id(), status, std::chrono::steady_clock::now() - wait_->admitted_at});
    }
    /// What the attempt's connection carried.
    void exchanged(const traffic& carried) { carried_ = carried; }
    void done(error_code error, const diagnostic& info, bool refused, std::optional<duration> again_in = {},
              const hints& said = {}, std::optional<duration> hint_cut_to = {});

 private:
    attempt_id id() const { return {request_, attempt_}; }

    client_counts* counts_;
    attempt_observer* told_;  // null where nobody listens
    std::uint64_t request_ = 0;
    unsigned attempt_ = 0;
    bool was_admitted_ = false;
    bool new_connection_ = false;
    traffic carried_;
    struct wait {
        waiting_times times;
        time_point admitted_at{};
    };
    std::unique_ptr<wait> wait_;  // where somebody listens
};

}  // namespace stagger::detail
