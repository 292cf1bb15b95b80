#include "gateway/day_books.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace stagger::gateway {

namespace {

void add(day_use& to, const day_use& what, double times) {
    // Sums of fractions may end below nothing.
    to.requests = std::max(0.0, to.requests + times * what.requests);
    to.tokens = std::max(0.0, to.tokens + times * what.tokens);
    to.money = std::max(0.0, to.money + times * what.money);
}

std::optional<day_books::shortage> find_shortage(std::string_view of, const std::optional<double>& most,
                                                 double used, double asked) {
    if (!most || used + asked <= *most) return std::nullopt;
    return day_books::shortage{of, *most, used, asked};
}

std::string in_few_digits(double number) {
    std::array<char, 32> text{};
    constexpr int digits = 6;
    const auto end =
        std::to_chars(text.data(), text.data() + text.size(), number, std::chars_format::general, digits).ptr;
    return {text.data(), end};
}

}  // namespace

void day_books::begin(day_number today) {
    if (std::exchange(day_, today) != today) used_.clear();
}

std::optional<day_books::shortage> day_books::reserve(std::uint64_t tenant, const day_use& estimated,
                                                      const day_budget& most, day_number today) {
    begin(today);
    const auto found = used_.find(tenant);
    const day_use so_far = found == used_.end() ? day_use() : found->second;
    auto missing = find_shortage("requests", most.requests, so_far.requests, estimated.requests);
    if (!missing) missing = find_shortage("tokens", most.tokens, so_far.tokens, estimated.tokens);
    if (!missing) missing = find_shortage("money", most.money, so_far.money, estimated.money);
    if (missing) return missing;
    add(used_[tenant], estimated, 1);
    return std::nullopt;
}

void day_books::settle(std::uint64_t tenant, const day_use& reserved, const day_use& used,
                       day_number reserved_on) {
    const auto found = used_.find(tenant);
    if (reserved_on != day_ || found == used_.end()) return;
    add(found->second, reserved, -1);
    add(found->second, used, 1);
}

void day_books::restore(by_tenant used, day_number of, day_number today) {
    begin(today);
    if (of == today) used_ = std::move(used);
}

std::string to_text(const day_books::shortage& what) {
    return std::string(what.of) + ": " + in_few_digits(what.used) + " of " + in_few_digits(what.most) +
           " are used, and this call may take " + in_few_digits(what.asked);
}

}  // namespace stagger::gateway
