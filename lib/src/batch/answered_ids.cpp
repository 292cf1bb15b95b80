#include "batch/answered_ids.hpp"

#include <charconv>
#include <optional>

namespace stagger::batch {
namespace {

// Bounds the bitmap at 32 MiB, whatever a file claims.
constexpr std::size_t largest_line_number = 1u << 28;

// The N of "line-N" as this library writes it; ids that only look alike are kept as text.
std::optional<std::size_t> line_number(std::string_view custom_id) {
    constexpr std::string_view prefix = "line-";
    if (!custom_id.starts_with(prefix)) return std::nullopt;
    const auto digits = custom_id.substr(prefix.size());
    if (digits.empty() || digits.front() == '0') return std::nullopt;
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc() || end != digits.data() + digits.size() || number > largest_line_number) {
        return std::nullopt;
    }
    return number;
}

}  // namespace

void answered_ids::insert(std::string_view custom_id) {
    const auto number = line_number(custom_id);
    if (!number) {
        size_ += others_.emplace(custom_id).second ? 1 : 0;
        return;
    }
    if (lines_.size() <= *number) lines_.resize(*number + 1);
    if (!lines_[*number]) ++size_;
    lines_[*number] = true;
}

bool answered_ids::contains(std::string_view custom_id) const {
    if (size_ == 0) return false;
    if (const auto number = line_number(custom_id)) return *number < lines_.size() && lines_[*number];
    return others_.contains(std::string(custom_id));
}

}  // namespace stagger::batch
