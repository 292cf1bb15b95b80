#pragma once

#include <memory>
#include <string>
#include <utility>

#include "http/connection.hpp"

namespace stagger {

/** @brief What every connection does with its time limits, a cancellation and its failures.
 *
 * One phase runs at a time and ends by its limit: the socket is closed then, which ends whatever was waited
 * for on it.
 */
class limited_connection : public connection, private deadline_queue::entry {
 public:
    void cancel() override;
    void leave_to_parent() override;
    bool reusable() const override { return reusable_; }
    request_phase phase() const override { return phase_; }
    const std::string& problem() const override { return problem_; }

 protected:
    explicit limited_connection(std::shared_ptr<const connection_settings> settings)
        : entry(settings->deadlines), settings_(std::move(settings)) {}

    virtual client_socket& socket() = 0;
    const connection_settings& settings() const { return *settings_; }

    /// False if the limit has passed already: nothing of the phase may be done then, and `fail_io` says so.
    bool may_begin(request_phase phase, time_point now, time_point limit, errc when_late);
    /// The same, and what runs from here on ends at the limit.
    bool begin_phase(request_phase phase, time_point limit, errc when_late);
    void end_phase() { expires_at(never); }
    error_code fail(error_code error, std::string problem);
    /// What an error of the stream means: the phase's time limit, a cancellation, or `otherwise`.
    error_code fail_io(const error_code& error, errc otherwise);
    void close_socket();

    bool late_ = false;  // for the phase that runs, or was the last one
    bool cancelled_ = false;
    bool is_parents_ = false;  // the process has forked since it was opened
    bool reusable_ = false;
    request_phase phase_ = request_phase::not_started;
    std::string problem_;

 private:
    void on_expired() override;

    const std::shared_ptr<const connection_settings> settings_;
    errc when_late_ = errc::answer_timed_out;
};

}  // namespace stagger
