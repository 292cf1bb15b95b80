#include "run_memory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <stdexcept>
#include <utility>

#include "account_name.hpp"
#include "cli/exit_code.hpp"
#include "http/endpoint.hpp"
#include "terminal/duration_text.hpp"

namespace app {
namespace {

std::string how_it_started(const stagger::remembered_limits& memory, double begins_at_per_s) {
    const auto age = format_age(current_date() - *memory.learned_at);
    if (memory.kind == stagger::limit_kind::concurrency) {
        return fmt::format("started with {:.0f} in flight, remembered from {}", *memory.in_flight, age);
    }
    if (memory.kind == stagger::limit_kind::none) {
        return fmt::format("started at {:.0f}/s, which was admitted {} without a limit", begins_at_per_s,
                           age);
    }
    return fmt::format("started at {:.3g}/s, remembered from {}", begins_at_per_s, age);
}

std::string how_many_more(std::size_t entries) {
    return entries == 0 ? "" : fmt::format("; and {} more", entries);
}

}  // namespace

std::string endpoint_name(const std::string& base_url) {
    const auto target = stagger::parse_endpoint(base_url);
    std::string authority = target.authority;
    std::transform(authority.begin(), authority.end(), authority.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    if (!authority.ends_with(":" + target.port)) authority += ":" + target.port;
    return (target.tls ? "https://" : "http://") + authority + target.base_path;
}

run_memory::run_memory(const send_options& options, send_plan& plan, std::shared_ptr<spdlog::logger> log)
    : log_(std::move(log)) {
    if (options.no_remember || plan.limits.pacing() != stagger::pacing_kind::ride_the_limit) return;
    try {
        for (const planned_route& one : plan.routes) {
            const described_route& about = one.about;
            keys_.push_back({endpoint_name(about.base_url), account_name(about.secret),
                             about.model.empty() ? options.model : about.model});
        }
        if (keys_.empty())
            keys_.push_back({endpoint_name(plan.base_url), account_name(plan.secret), options.model});
    } catch (const std::invalid_argument& wrong) {
        throw failure(exit_code::wrong_usage, wrong.what());
    }
    if (const auto path = usual_limits_path()) {
        file_.emplace(*path);
    } else {
        warn("limits are not remembered: neither XDG_STATE_HOME nor HOME has an absolute path");
        return;
    }
    if (!plan.routes.empty() || plan.limits.requests_per_minute() <= 0) take(plan);
}

void run_memory::take(send_plan& plan) {
    const auto kept = file_->read();
    if (kept.wrong) return warn("starting without remembered limits: " + kept.wrong->text);
    if (!kept.refused.empty()) {
        warn("not remembered: " + kept.refused.front() + how_many_more(kept.refused.size() - 1));
    }
    for (std::size_t i = 0; i < keys_.size(); ++i) {
        auto& limits = plan.routes.empty() ? plan.limits : plan.routes[i].limits;
        if (limits.requests_per_minute() > 0) continue;
        const auto found = kept.limits.find(keys_[i]);
        if (found == kept.limits.end() || !stagger::wire::is_fresh(found->second, current_date())) continue;
        limits.remembered(found->second);
        const stagger::coordinator as_it_begins(stagger::coordinator_options(limits).recorder(nullptr), 0);
        const auto how = how_it_started(found->second, as_it_begins.status({}).pace_per_s);
        std::string said = remark_ ? remark_->append("; ") : std::string();
        if (!plan.routes.empty()) said.append(plan.routes[i].about.name).append(" ");
        remark_ = said.append(how);
    }
}

void run_memory::keep(const std::vector<stagger::gate>& gates) {
    if (!file_) return;
    stagger::wire::limits_by_key all;
    for (std::size_t i = 0; i < std::min(keys_.size(), gates.size()); ++i) {
        if (const auto learned = gates[i].learned()) all[keys_[i]] = *learned;
    }
    if (all.empty()) return;
    const auto failed = file_->update(
        [&](stagger::wire::limits_by_key& kept) {
            for (const auto& [key, learned] : all) kept[key] = learned;
        },
        current_date());
    if (failed) warn("what was learned is not remembered: " + failed->text);
}

void run_memory::warn(const std::string& problem) {
    if (std::exchange(warned_, true)) return;
    log_->warn("{}", problem);
}

}  // namespace app
