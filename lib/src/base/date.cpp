#include "base/date.hpp"

#include <array>
#include <chrono>
#include <cstdio>
#include <string>

#include "base/decimal.hpp"

namespace stagger::wire {

namespace {

std::optional<unsigned> parse_digits(std::string_view text, std::size_t shortest, std::size_t longest) {
    if (text.size() < shortest || text.size() > longest) return std::nullopt;
    unsigned value = 0;
    for (const char digit : text) {
        if (digit < '0' || digit > '9') return std::nullopt;
        value = value * 10 + static_cast<unsigned>(digit - '0');
    }
    return value;
}

std::optional<unsigned> parse_month(std::string_view text) {
    constexpr std::array<std::string_view, 12> names{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    for (unsigned i = 0; i < names.size(); ++i) {
        if (equal_ignoring_case(text, names[i])) return i + 1;
    }
    return std::nullopt;
}

/// A two-digit year is of this century up to 69, as POSIX reads it.
std::optional<unsigned> parse_year(std::string_view text) {
    const auto year = parse_digits(text, 2, 4);
    if (!year || text.size() == 3) return std::nullopt;
    if (text.size() == 4) return year;
    return *year + (*year < 70 ? 2000U : 1900U);
}

/// "08:49:37", or with a fraction.
std::optional<double> parse_time_of_day(std::string_view text) {
    if (text.size() < 8 || text[2] != ':' || text[5] != ':') return std::nullopt;
    const auto hour = parse_digits(text.substr(0, 2), 2, 2);
    const auto minute = parse_digits(text.substr(3, 2), 2, 2);
    const auto second = parse_decimal(text.substr(6));
    // 60 is a leap second.
    if (!hour || *hour > 23 || !minute || *minute > 59 || !second || *second >= 61) return std::nullopt;
    return *hour * 3600.0 + *minute * 60.0 + *second;
}

std::optional<double> days_as_seconds(std::optional<unsigned> year, std::optional<unsigned> month,
                                      std::optional<unsigned> day) {
    if (!year || !month || !day) return std::nullopt;
    const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(*year)),
                                           std::chrono::month(*month), std::chrono::day(*day));
    if (!date.ok()) return std::nullopt;
    return static_cast<double>(std::chrono::sys_days(date).time_since_epoch().count()) * 86400;
}

std::optional<double> sum(std::optional<double> left, std::optional<double> right) {
    if (!left || !right) return std::nullopt;
    return *left + *right;
}

struct words {
    std::array<std::string_view, 6> at{};
    std::size_t count = 0;
};

/// The parts between commas, spaces and hyphens; more than six make no date.
words split(std::string_view text) {
    words found;
    bool inside = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const bool separator = text[at] == ' ' || text[at] == ',' || text[at] == '-';
        if (separator) {
            inside = false;
            continue;
        }
        if (!inside && found.count == found.at.size()) return {};
        auto& word = inside ? found.at[found.count - 1] : found.at[found.count++];
        word = inside ? std::string_view(word.data(), word.size() + 1) : text.substr(at, 1);
        inside = true;
    }
    return found;
}

}  // namespace

std::optional<double> parse_http_date(std::string_view text) {
    const auto [word, count] = split(trim(text));
    if (count == 5) {  // Sun Nov  6 08:49:37 1994
        return sum(days_as_seconds(parse_year(word[4]), parse_month(word[1]), parse_digits(word[2], 1, 2)),
                   parse_time_of_day(word[3]));
    }
    if (count != 6 || (word[5] != "GMT" && word[5] != "UTC")) return std::nullopt;
    return sum(days_as_seconds(parse_year(word[3]), parse_month(word[2]), parse_digits(word[1], 1, 2)),
               parse_time_of_day(word[4]));
}

std::optional<double> parse_rfc3339(std::string_view text) {
    text = trim(text);
    constexpr std::size_t date_length = 10;
    if (text.size() < date_length + 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
    if (text[date_length] != 'T' && text[date_length] != 't' && text[date_length] != ' ') return std::nullopt;
    const auto date =
        days_as_seconds(parse_digits(text.substr(0, 4), 4, 4), parse_digits(text.substr(5, 2), 2, 2),
                        parse_digits(text.substr(8, 2), 2, 2));
    const auto rest = text.substr(date_length + 1);
    if (rest.ends_with('Z') || rest.ends_with('z')) {
        return sum(date, parse_time_of_day(rest.substr(0, rest.size() - 1)));
    }
    const auto sign = rest.find_first_of("+-");
    if (sign == std::string_view::npos || rest.size() - sign != 6 || rest[sign + 3] != ':')
        return std::nullopt;
    const auto offset = parse_time_of_day(std::string(rest.substr(sign + 1)) + ":00");
    const auto local = sum(date, parse_time_of_day(rest.substr(0, sign)));
    if (!local || !offset) return std::nullopt;
    return rest[sign] == '+' ? *local - *offset : *local + *offset;
}

std::string format_rfc3339(std::chrono::sys_seconds when) {
    const auto day = std::chrono::floor<std::chrono::days>(when);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss time(when - day);
    std::array<char, 32> text{};
    const int length =
        std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02dZ",
                      static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                      static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()),
                      static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()));
    return {text.data(), static_cast<std::size_t>(length)};
}

}  // namespace stagger::wire
