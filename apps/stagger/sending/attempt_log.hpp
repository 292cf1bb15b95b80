#pragma once

#include <spdlog/logger.h>

#include <functional>
#include <memory>

#include "stagger/observer.hpp"

namespace app {

/** @brief Writes down what becomes of every attempt: how it ended at debug, every step at trace.
 *
 * A second listener is told how admitted attempts ended, which the decision needs whether the endpoint can be
 * used.
 */
class attempt_log final : public stagger::attempt_observer {
 public:
    using ended_attempt = std::function<void(const stagger::attempt_events::done&)>;

    attempt_log(std::shared_ptr<spdlog::logger> log, ended_attempt told)
        : log_(std::move(log)), told_(std::move(told)) {}

    void queued(const stagger::attempt_events::queued& event) noexcept override;
    void admitted(const stagger::attempt_events::admitted& event) noexcept override;
    void sent(const stagger::attempt_events::sent& event) noexcept override;
    void head(const stagger::attempt_events::head& event) noexcept override;
    void done(const stagger::attempt_events::done& event) noexcept override;

 private:
    std::shared_ptr<spdlog::logger> log_;
    ended_attempt told_;
};

}  // namespace app
