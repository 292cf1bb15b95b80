#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "provider/model.hpp"

/// Rate-limit header lines, each with its CRLF, in the styles that providers use.
namespace stagger::server {

/// `retry-after-ms` for milliseconds, else `retry-after` in seconds, with a fraction where there is one.
void append_retry_after(std::string& lines, provider::retry_after_hint kind, duration wait);

void append_limit_headers(std::string& lines, provider::header_hint style,
                          const std::vector<provider::limit_report>& reports, std::int64_t unix_now);

/// Seconds as a decimal without trailing zeros: "2", "0.05".
std::string decimal_seconds(duration span);
/// As Go prints a span, which OpenAI's reset headers show: "20ms", "1s", "6m0s". In whole milliseconds,
/// upwards.
std::string go_span(duration exact);

}  // namespace stagger::server
