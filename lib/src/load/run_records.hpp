#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "stagger/error.hpp"
#include "stagger/time.hpp"
#include "stagger/wait_reason.hpp"

/// What is told of a run while it goes on, one record for each thing that happened.
namespace stagger::load {

/// A request was handed to the client.
struct send_record {
    time_point scheduled{};
    time_point sent{};
};

/// An attempt has ended that was admitted, or has left the line without that.
struct attempt_record {
    std::optional<time_point> sent;  ///< its first byte; nothing where there was no connection
    time_point ended{};
    error_code error;
    bool was_admitted = false;
    bool was_refused = false;            ///< by a limit
    std::optional<duration> connecting;  ///< where a connection was opened: from admitted to sent
    std::optional<duration> service;     ///< of a success: from sent to whole
    waiting_times waited;
};

/// What a request's attempts came to, added up.
struct request_effort {
    std::optional<time_point> first_sent;  ///< the first byte of the first attempt
    duration waiting_in_line{0};
    duration backing_off{0};
};

/// A request has ended, well or not.
struct request_record {
    std::uint64_t number = 0;  ///< from 0, in the order of the schedule
    time_point scheduled{};
    time_point sent{};  ///< handed to the client
    time_point ended{};
    error_code error;
    unsigned http_status = 0;
    unsigned attempts = 0;
    unsigned rejections = 0;
    request_effort effort;
    std::optional<time_point> first_token;  ///< of a stream
    std::vector<duration> between_tokens;   ///< of a stream
    std::uint64_t prompt_tokens = 0;        ///< as the server counted, else estimated
    std::uint64_t completion_tokens = 0;    ///< as the server counted; 0 where it did not say
    bool empty = false;                     ///< answered with nothing

    /// What a user waited, whose request was due at `scheduled`.
    duration total() const { return ended - scheduled; }
    /// What is measured by those who look at the clock when they send.
    duration from_actual_send() const { return ended - effort.first_sent.value_or(sent); }
};

}  // namespace stagger::load
