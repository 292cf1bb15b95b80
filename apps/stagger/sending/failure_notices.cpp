#include "failure_notices.hpp"

#include <fmt/format.h>

#include <utility>

namespace app {
namespace {

bool is_power_of_ten(std::size_t count) {
    while (count >= 10 && count % 10 == 0) count /= 10;
    return count == 1;
}

}  // namespace

std::optional<std::string> failure_notices::tell(const std::string& where, const std::string& kind,
                                                 const std::string& message) {
    const auto count = ++counts_[kind];
    if (count > told_one_by_one) {
        if (!is_power_of_ten(count)) return std::nullopt;
        return fmt::format("{}: the {}th that failed so: {}", where, count, kind);
    }
    auto text = where + ": " + message;
    if (count == told_one_by_one && !std::exchange(told_where_, true))
        text += "; further ones of a kind are counted, and all are in " + results_;
    return text;
}

}  // namespace app
