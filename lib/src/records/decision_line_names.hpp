#pragma once

#include <string_view>

/// Words that the writer and the reader of decision lines must agree on.
namespace stagger::wire::decision_names {

inline constexpr std::string_view format = "stagger decision log";
inline constexpr unsigned version = 1;

inline constexpr std::string_view submit = "submit";
inline constexpr std::string_view resubmit = "resubmit";
inline constexpr std::string_view withdraw = "withdraw";
inline constexpr std::string_view admit = "admit";
inline constexpr std::string_view expire = "expire";
inline constexpr std::string_view wait = "wait";
inline constexpr std::string_view idle = "idle";
inline constexpr std::string_view answering = "answering";
inline constexpr std::string_view accepted = "accepted";
inline constexpr std::string_view throttled = "throttled";
inline constexpr std::string_view failed = "failed";
inline constexpr std::string_view abandoned = "abandoned";
inline constexpr std::string_view probe_again = "probe_again";
inline constexpr std::string_view fleet_heard = "fleet_heard";
inline constexpr std::string_view fleet_said = "fleet_said";
inline constexpr std::string_view expect = "expect";
inline constexpr std::string_view mode = "mode";
inline constexpr std::string_view label = "label";

}  // namespace stagger::wire::decision_names
