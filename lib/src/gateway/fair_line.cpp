#include "gateway/fair_line.hpp"

#include <algorithm>
#include <cmath>

namespace stagger::gateway {

namespace {

constexpr std::array<double, 3> weights = {16, 4, 1};
constexpr std::array<std::string_view, 3> names = {"interactive", "normal", "batch"};
// Flows that do not wait are remembered while they are in debt; looked through beyond this number.
constexpr std::size_t usual_flows = 1024;

}  // namespace

std::string_view to_string(call_class one) {
    return names[static_cast<std::size_t>(one)];
}

std::optional<call_class> parse_call_class(std::string_view text) {
    const auto found = std::ranges::find(names, text);
    if (found == names.end()) return std::nullopt;
    return static_cast<call_class>(found - names.begin());
}

fair_line::place fair_line::join(call_class of, std::uint64_t tenant, double cost,
                                 std::optional<double> kept) {
    level& its = levels_[index(of)];
    if (its.line.empty()) its.start = std::max(virtual_time_, its.finish);
    if (its.flows.size() > usual_flows + 2 * its.active) forget_idle(its);
    flow& tenants = its.flows[tenant];
    double start = std::max(its.virtual_time, tenants.finish);
    if (kept && *kept < start) {
        start = *kept;  // it was charged for when it came first
    } else {
        tenants.finish = start + cost;
    }
    if (tenants.waiting++ == 0) ++its.active;
    const place got{joined_++};
    its.line.emplace(start, got);
    entries_.emplace(got, entry{of, tenant, start});
    return got;
}

std::optional<fair_line::place> fair_line::next() {
    level* chosen = nullptr;
    for (level& one : levels_) {
        if (!one.line.empty() && (!chosen || one.start < chosen->start)) chosen = &one;
    }
    if (!chosen) return std::nullopt;
    const auto weight = weights[static_cast<std::size_t>(chosen - levels_.data())];
    virtual_time_ = chosen->start;
    chosen->finish = chosen->start + 1 / weight;
    chosen->start = chosen->finish;
    const auto [start, which] = *chosen->line.begin();
    chosen->virtual_time = std::max(chosen->virtual_time, start);
    const auto found = entries_.extract(which);
    take_out(*chosen, which, found.mapped());
    return which;
}

std::optional<double> fair_line::leave(place which) {
    const auto found = entries_.extract(which);
    if (found.empty()) return std::nullopt;
    take_out(levels_[index(found.mapped().of)], which, found.mapped());
    return found.mapped().start;
}

void fair_line::take_out(level& from, place which, const entry& what) {
    from.line.erase({what.start, which});
    if (--from.flows[what.tenant].waiting == 0) --from.active;
}

void fair_line::forget_idle(level& in) {
    std::erase_if(in.flows, [&](const auto& one) {
        return one.second.waiting == 0 && one.second.finish <= in.virtual_time;
    });
}

std::size_t fair_line::ahead_of(place which) const {
    const auto found = entries_.find(which);
    if (found == entries_.end()) return 0;
    const entry& mine = found->second;
    const level& own = levels_[index(mine.of)];
    const double lead = (mine.start - own.line.begin()->first) * static_cast<double>(own.active);
    const double in_class = std::min(lead, static_cast<double>(own.line.size() - 1));
    double all = in_class;
    for (const level& other : levels_) {
        if (&other == &own) continue;
        const auto share =
            weights[static_cast<std::size_t>(&other - levels_.data())] / weights[index(mine.of)];
        all += std::min((in_class + 1) * share, static_cast<double>(other.line.size()));
    }
    return static_cast<std::size_t>(std::llround(std::max(all, 0.0)));
}

}  // namespace stagger::gateway
