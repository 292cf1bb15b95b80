#pragma once

#include <memory>

#include "net/request_task.hpp"

namespace stagger::detail {

/// Takes the requests of a client in place of the network, for tests of programs.
class request_stand_in {
 public:
    request_stand_in() = default;
    request_stand_in(const request_stand_in&) = delete;
    request_stand_in& operator=(const request_stand_in&) = delete;
    virtual ~request_stand_in() = default;

    /// As request_task::start: from any thread, and never completes inside the call.
    virtual void take(const std::shared_ptr<client_state>& client, const completion_request& request,
                      request_task::any_handler handler) = 0;
};

}  // namespace stagger::detail
