#include "dialect/quota_opening.hpp"

#include <algorithm>
#include <chrono>

namespace stagger::wire {

namespace {

using std::chrono::sys_days;
using std::chrono::sys_seconds;

constexpr std::chrono::hours standard_offset{8};  // behind UTC
constexpr std::chrono::hours summer_offset{7};
constexpr std::chrono::hours clocks_change_at{2};  // local time, as it is before

/// Whatever a clock says, within the years that a calendar has.
sys_seconds moment(double unix_now) {
    constexpr double last = 253402300799.0;  // of 9999
    const double clamped = unix_now > 0 ? std::min(unix_now, last) : 0;
    return sys_seconds(std::chrono::seconds(static_cast<std::int64_t>(clamped)));
}

double unix_of(sys_seconds when) {
    return static_cast<double>(when.time_since_epoch().count());
}

/// As the United States have it since 2007: from the second Sunday of March to the first of November.
bool is_summer_in_california(sys_seconds when) {
    using namespace std::chrono;
    const year in = year_month_day(floor<days>(when)).year();
    const sys_seconds begins = sys_days(in / March / Sunday[2]) + clocks_change_at + standard_offset;
    const sys_seconds ends = sys_days(in / November / Sunday[1]) + clocks_change_at + summer_offset;
    return when >= begins && when < ends;
}

std::chrono::hours pacific_offset(sys_seconds when) {
    return is_summer_in_california(when) ? summer_offset : standard_offset;
}

}  // namespace

double next_month_utc(double unix_now) {
    using namespace std::chrono;
    const year_month_day today(floor<days>(moment(unix_now)));
    return unix_of(sys_days((today.year() / today.month() + months(1)) / day(1)));
}

double next_midnight_pacific(double unix_now) {
    using namespace std::chrono;
    const sys_seconds now = moment(unix_now);
    const auto local_day = floor<days>(now - pacific_offset(now));
    // The offset of that midnight, not of now: a day on which the clocks change is not of 24 hours.
    const sys_seconds as_if_utc = local_day + days(1);
    return unix_of(as_if_utc + pacific_offset(as_if_utc + standard_offset));
}

}  // namespace stagger::wire
