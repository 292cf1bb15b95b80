#include "gateway/day_books.hpp"

#include <algorithm>
#include <utility>

namespace stagger::gateway {

namespace {

void add(day_use& to, const day_use& what, double times) {
    // Sums of fractions may end below nothing.
    to.requests = std::max(0.0, to.requests + times * what.requests);
    to.tokens = std::max(0.0, to.tokens + times * what.tokens);
    to.money = std::max(0.0, to.money + times * what.money);
}

bool exceeds(const std::optional<double>& most, double used, double further) {
    return most && used + further > *most;
}

}  // namespace

void day_books::begin(day_number today) {
    if (std::exchange(day_, today) != today) used_.clear();
}

std::optional<std::string_view> day_books::reserve(std::uint64_t tenant, const day_use& estimated,
                                                   const day_budget& most, day_number today) {
    begin(today);
    const auto found = used_.find(tenant);
    const day_use so_far = found == used_.end() ? day_use() : found->second;
    if (exceeds(most.requests, so_far.requests, estimated.requests)) return "requests";
    if (exceeds(most.tokens, so_far.tokens, estimated.tokens)) return "tokens";
    if (exceeds(most.money, so_far.money, estimated.money)) return "money";
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

}  // namespace stagger::gateway
