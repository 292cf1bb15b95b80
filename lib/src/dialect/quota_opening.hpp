#pragma once

/// When quotas are filled again that are counted by the calendar. Times are seconds since 1970.
namespace stagger::wire {

/// The first moment of the next month in UTC: Anthropic's limits on spending.
double next_month_utc(double unix_now);
/// The next midnight in California, where Google's days end.
double next_midnight_pacific(double unix_now);

}  // namespace stagger::wire
