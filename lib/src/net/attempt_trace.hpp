#pragma once

#include <memory>
#include <optional>
#include <string>
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
    explicit attempt_trace(client_counts& counts) : counts_(&counts) {}

    void request_started() {
        counts_->started.add();
        request_ = counts_->started.value();
    }
    void request_ended(bool well) { (well ? counts_->succeeded : counts_->failed).add(); }

    /// Whether somebody listens: what the request is called is to be noted then.
    bool is_told() const { return observer() != nullptr; }
    void note(std::string tag, std::string model);

    void queued(time_point now, time_point not_before);
    /// @param leave the permit, or what came instead of one
    void waited(const permit& leave, bool admitted);
    void connected(bool reused) {
        new_connection_ = !reused;
        (reused ? counts_->connections_reused : counts_->connections_opened).add();
    }
    void not_connected() { counts_->connections_failed.add(); }
    void sent(std::size_t bytes) {
        if (observer()) observer()->sent({id(), bytes, new_connection_});
    }
    void head(unsigned status) {
        if (observer())
            observer()->head({id(), status, std::chrono::steady_clock::now() - watched_->admitted_at});
    }
    /// What the attempt's connection carried.
    void exchanged(const traffic& carried) { carried_ = carried; }
    void done(error_code error, const diagnostic& info, bool refused, std::optional<duration> again_in = {},
              const hints& said = {}, std::optional<duration> hint_cut_to = {}, const token_usage& used = {});

 private:
    attempt_id id() const { return {request_, attempt_}; }
    attempt_observer* observer() const { return counts_->observer; }

    client_counts* counts_;
    std::uint64_t request_ = 0;
    unsigned attempt_ = 0;
    bool was_admitted_ = false;
    bool new_connection_ = false;
    traffic carried_;
    struct watched {
        std::string tag;
        std::string model;
        waiting_times waited;  // by the attempt
        time_point admitted_at{};
    };
    watched& watch();
    std::unique_ptr<watched> watched_;  // where somebody listens
};

}  // namespace stagger::detail
