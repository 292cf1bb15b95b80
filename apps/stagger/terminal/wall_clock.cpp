#include "wall_clock.hpp"

#include <fmt/format.h>

#include <ctime>

#include "duration_text.hpp"

namespace app {
namespace {

/// A moment in some zone, as if that were UTC.
struct civil_time {
    explicit civil_time(std::chrono::sys_seconds at)
        : day(std::chrono::floor<std::chrono::days>(at)), of_day(at - day) {}

    std::string date() const {
        const std::chrono::year_month_day on(day);
        return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(on.year()),
                           static_cast<unsigned>(on.month()), static_cast<unsigned>(on.day()));
    }
    std::string time() const {
        const std::chrono::hh_mm_ss split(of_day);
        return fmt::format("{:02}:{:02}:{:02}", split.hours().count(), split.minutes().count(),
                           split.seconds().count());
    }
    std::string text(bool dated) const { return dated ? date() + " " + time() : time(); }

    std::chrono::sys_days day;
    std::chrono::seconds of_day;
};

std::chrono::sys_seconds whole_seconds(wall_clock::moment when) {
    return std::chrono::ceil<std::chrono::seconds>(when);
}

}  // namespace

wall_clock::moment wall_clock::in(stagger::duration wait) const {
    const moment from = now();
    // Never is as late as the clock goes.
    if (wait >= moment::max() - from) return std::chrono::floor<std::chrono::days>(moment::max());
    return from + std::chrono::duration_cast<moment::duration>(wait);
}

wall_clock machine_clock() {
    return {std::chrono::system_clock::now, [](wall_clock::moment when) {
                const std::time_t seconds = std::chrono::system_clock::to_time_t(when);
                std::tm local{};
                const bool known = ::localtime_r(&seconds, &local) != nullptr;
                return std::chrono::seconds(known ? local.tm_gmtoff : 0);
            }};
}

std::string moment_text(wall_clock::moment when, const wall_clock& clock) {
    const wall_clock::moment now = clock.now();
    const auto ahead = clock.ahead_of_utc(when);
    const civil_time local(whole_seconds(when) + ahead);
    const civil_time utc(whole_seconds(when));
    const civil_time today(whole_seconds(now) + clock.ahead_of_utc(now));
    const bool dated = local.day != today.day || utc.day != local.day;
    if (ahead == std::chrono::seconds(0)) return utc.text(dated) + " UTC";
    return fmt::format("{} ({} UTC)", local.text(dated), utc.text(dated));
}

std::string until_text(stagger::duration wait, const wall_clock& clock) {
    return fmt::format("until {}, in {}", moment_text(clock.in(wait), clock), span_text(wait));
}

std::string utc_text(wall_clock::moment when) {
    const civil_time utc(whole_seconds(when));
    return utc.date() + "T" + utc.time() + "Z";
}

}  // namespace app
