#include "prices/daily_spending.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string_view>

#include "base/date.hpp"
#include "cli/exit_code.hpp"
#include "json/json_text.hpp"
#include "sending/limits_file.hpp"

namespace app {
namespace {

namespace wire = stagger::wire;
using std::chrono::days;
using std::chrono::sys_days;

// What is written always covers what was there before, so that it takes one call, of which nobody sees a
// part.
constexpr std::size_t record_bytes = 96;

// As far as clocks that are right to within a day can differ. A day beyond would be counted until it is over.
constexpr days most_ahead{1};

[[noreturn]] void refuse_file(const std::string& path, const std::string& why) {
    throw failure(exit_code::file_failed, path + ": " + why);
}

std::string date_of(sys_days day) {
    return wire::format_rfc3339(day).substr(0, std::string_view("2000-01-01").size());
}

std::optional<sys_days> day_of(const std::string& date) {
    const auto seconds = wire::parse_rfc3339(date + "T00:00:00Z");
    if (!seconds) return std::nullopt;
    return sys_days(days(std::llround(*seconds / 86400)));
}

/// While it lives no other process, and no other object of this one, has the file.
class exclusive_use {
 public:
    exclusive_use(int file, const std::string& path) : file_(file) {
        while (::flock(file_, LOCK_EX) != 0) {
            // File systems without locks are used without one.
            if (errno == ENOLCK || errno == ENOTSUP || errno == EINVAL) return;
            if (errno != EINTR) refuse_file(path, stagger::batch::system_failure().message());
        }
    }
    exclusive_use(const exclusive_use&) = delete;
    exclusive_use& operator=(const exclusive_use&) = delete;
    ~exclusive_use() { ::flock(file_, LOCK_UN); }

 private:
    int file_;
};

}  // namespace

daily_spending::daily_spending(std::string path) : path_(std::move(path)) {
    const auto folder = std::filesystem::path(path_).parent_path();
    std::error_code ignored;  // what follows tells
    if (!folder.empty()) std::filesystem::create_directories(folder, ignored);
    constexpr mode_t own_file = 0600;
    file_ = stagger::batch::file_handle(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, own_file));
    if (!file_) refuse_file(path_, stagger::batch::system_failure().message());
    const exclusive_use held(file_.get(), path_);
    read();
}

daily_spending::record daily_spending::read() const {
    std::array<char, record_bytes + 1> bytes{};
    const auto got = ::pread(file_.get(), bytes.data(), bytes.size(), 0);
    if (got < 0) refuse_file(path_, stagger::batch::system_failure().message());
    if (got == 0) return {};
    const std::string_view text(bytes.data(), static_cast<std::size_t>(got));
    constexpr auto no_record = "is no file of what a day has cost";
    if (text.size() > record_bytes || wire::json_problem(text)) refuse_file(path_, no_record);
    const auto members = wire::json_members(text);
    const auto* const day = members ? wire::find_member(*members, "day") : nullptr;
    const auto* const cost = members ? wire::find_member(*members, "cost") : nullptr;
    if (day == nullptr || cost == nullptr || cost->value.empty()) refuse_file(path_, no_record);
    const auto date = day_of(wire::json_string_value(day->value).value_or(std::string()));
    const bool is_number = cost->value.front() >= '0' && cost->value.front() <= '9';
    if (!date || !is_number) refuse_file(path_, no_record);
    return {*date, wire::json_number_value(cost->value)};
}

void daily_spending::write(const record& what) const {
    std::array<char, record_bytes + 1> bytes{};
    bytes.fill(' ');
    // Every digit: a sum that is rounded each time drifts.
    const int length = std::snprintf(bytes.data(), bytes.size(), R"({"day":"%s","cost":%.17g})",
                                     date_of(what.day).c_str(), what.cost);
    std::fill(bytes.begin() + length, bytes.end(), ' ');
    bytes[record_bytes - 1] = '\n';
    const auto written = ::pwrite(file_.get(), bytes.data(), record_bytes, 0);
    if (written != static_cast<ssize_t>(record_bytes)) {
        refuse_file(path_, written < 0 ? stagger::batch::system_failure().message()
                                       : std::string("cannot be written whole"));
    }
}

double daily_spending::add(sys_days today, double cost) {
    if (unwritten_.day < today) unwritten_ = {today, 0};
    unwritten_.cost += cost;
    const exclusive_use held(file_.get(), path_);
    record now = read();
    if (now.day > today + most_ahead) {
        refuse_file(path_, "is of " + date_of(now.day) + ", and today is " + date_of(today) +
                               " (UTC): set the clock right, or remove the file");
    }
    if (now.day < today) now = {today, 0};
    if (unwritten_.cost == 0) return now.cost;
    now.cost += unwritten_.cost;
    write(now);
    unwritten_.cost = 0;
    return now.cost;
}

std::string usual_spending_path() {
    const auto limits = usual_limits_path();
    if (!limits)
        throw failure(
            exit_code::wrong_usage,
            "--spending-file: must be given where neither XDG_STATE_HOME nor HOME has an absolute path");
    return std::filesystem::path(*limits).replace_filename("spending.json");
}

}  // namespace app
