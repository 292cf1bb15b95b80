#pragma once

#include <functional>
#include <memory>
#include <string>

#include "gateway/gateway.hpp"
#include "server/service.hpp"

namespace stagger::gateway {

/** @brief What whoever runs a gateway asks it, on a port of its own.
 *
 * `GET /healthz`: 200 as long as it runs. `GET /readyz`: 200, or 503 once it drains; an upstream that is
 * closed leaves it ready, since waiting is what it is for. `GET /-/status.json`: as `to_json` has it; `GET
 * /`: a page that shows it. `GET /metrics`: whatever it is given for that. `POST /-/reload`: has files read
 * again, 200 or 500 with the reason. Under the same rules for Host and
 * Origin as the gateway, and on its executor.
 */
class admin final : public http_server::service {
 public:
    /// What `/metrics` answers.
    struct metrics_page {
        std::string media_type;
        std::function<std::string()> text;  ///< empty: there is none
    };

    /// Reads again what a gateway is run by, as a whole or not at all. Answers what is wrong; empty: nothing.
    using reload = std::function<std::string()>;

    /// @param again empty: there is nothing to read again
    admin(std::shared_ptr<const gateway> of, metrics_page metrics, reload again = {})
        : of_(std::move(of)), metrics_(std::move(metrics)), reload_(std::move(again)) {}

    io_awaitable<void> serve(http_server::exchange& with) override;
    http_server::whole_answer refusal(unsigned status) override;

 private:
    http_server::whole_answer answer_to(const http_server::request& asked) const;

    const std::shared_ptr<const gateway> of_;
    const metrics_page metrics_;
    const reload reload_;
};

}  // namespace stagger::gateway
