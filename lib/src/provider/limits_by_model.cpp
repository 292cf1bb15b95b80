#include "provider/limits_by_model.hpp"

#include <algorithm>

namespace stagger::provider {

limits_by_model::limits_by_model(const provider_description& description, time_point begin)
    : everybodys_(description.limits, begin, begin) {
    for (const auto& [name, model] : description.models) {
        if (!model.limits.empty()) own_.emplace(name, rate_limits(model.limits, begin, begin));
    }
}

rate_limits* limits_by_model::of(std::string_view model) {
    const auto found = own_.find(model);
    return found != own_.end() ? &found->second : nullptr;
}

bool limits_by_model::admit(time_point now, std::string_view model, const token_cost& tokens) {
    rate_limits* own = of(model);
    return everybodys_.admit(now, tokens) && (own == nullptr || own->admit(now, tokens));
}

void limits_by_model::take(time_point now, std::string_view model, const token_cost& tokens) {
    everybodys_.take(now, tokens);
    if (rate_limits* own = of(model)) own->take(now, tokens);
}

void limits_by_model::take_refused(time_point now, std::string_view model, const token_cost& tokens) {
    everybodys_.take_refused(now, tokens);
    if (rate_limits* own = of(model)) own->take_refused(now, tokens);
}

void limits_by_model::put_back(time_point now, time_point taken, std::string_view model,
                               const token_cost& tokens) {
    everybodys_.put_back(now, taken, tokens);
    if (rate_limits* own = of(model)) own->put_back(now, taken, tokens);
}

void limits_by_model::settle(time_point now, time_point taken, std::string_view model,
                             const token_cost& tokens) {
    everybodys_.settle(now, taken, tokens);
    if (rate_limits* own = of(model)) own->settle(now, taken, tokens);
}

duration limits_by_model::wait(time_point now, std::string_view model, const token_cost& tokens) {
    rate_limits* own = of(model);
    const duration all = everybodys_.wait(now, tokens);
    return own == nullptr ? all : std::max(all, own->wait(now, tokens));
}

std::vector<limit_report> limits_by_model::reports(time_point now, std::string_view model) {
    std::vector<limit_report> tightest;
    everybodys_.report(now, tightest);
    if (rate_limits* own = of(model)) own->report(now, tightest);
    return tightest;
}

void limits_by_model::replace(const std::vector<limit>& limits, time_point now) {
    everybodys_.replace(limits, now);
}

}  // namespace stagger::provider
