#include "pacing/measured/rate_estimator.hpp"

namespace stagger {

namespace {

// Answers overtake each other by some milliseconds, so of the latest sends not every refusal is known yet. At
// thousands a second those would be a good part of a measurement, which would then find the pace, not the
// limit.
constexpr seconds least_measured{0.1};

}  // namespace

estimate rate_estimator::up_to(const send_log& log, const departure& rejected) const {
    estimate result;
    const charge_unit& unit = log.unit();
    double rejected_charge = 0;
    for (auto each = log.rejections().rbegin(); each != log.rejections().rend(); ++each) {
        const departure& from = each->sent;
        if (from.number < barrier_) break;
        if (from.number >= rejected.number) continue;
        if (each->onset && from.at < rejected.at) {
            result.admitted = unit.before(rejected) - unit.before(from) - unit.of(from) - rejected_charge;
            result.span = rejected.at - from.at;
            if (result.admitted >= least_admitted) {
                result.precise = result.admitted / result.span.count();
                if (!result.quick) result.quick = result.precise;
            }
            if (result.admitted >= enough_admitted_ && result.span >= least_measured) break;
        }
        rejected_charge += unit.of(from);
    }
    if (reopened_ && result.admitted < enough_admitted_ && reopened_->at < rejected.at) {
        result.admitted = unit.before(rejected) - unit.before(*reopened_) - rejected_charge;
        result.span = rejected.at - reopened_->at;
        if (result.admitted >= least_admitted) {
            result.precise = result.admitted / result.span.count();
            if (!result.quick) result.quick = result.precise;
        }
    }
    return result;
}

}  // namespace stagger
