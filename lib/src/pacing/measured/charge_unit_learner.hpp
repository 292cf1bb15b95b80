#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "pacing/measured/charge_unit.hpp"
#include "pacing/measured/send_log.hpp"

namespace stagger {

/** @brief Finds out whether the limit counts requests or tokens.
 *
 * Between two onsets a limit admits its rate times the span, counted in its own unit; counted in the other it
 * varies with the size of the requests. The unit in which the latest runs agree far better is the limit's.
 * Where requests are all alike both agree, and nothing changes.
 */
class charge_unit_learner {
 public:
    /// A run without rejections between two onsets.
    /// @return the unit, when it turns out to be another than `current`
    std::optional<charge_unit> note_run(const send_log& log, const departure& from, const departure& to,
                                        const charge_unit& current);
    /// What was noted belongs to another limit.
    void forget() { count_ = 0; }

 private:
    struct run {
        double span_s = 0;
        double requests = 0;
        double tokens = 0;
    };
    double disagreement(double run::*amount) const;
    double total(double run::*amount) const;
    std::size_t known() const { return count_ < runs_.size() ? count_ : runs_.size(); }

    std::array<run, 8> runs_{};
    std::size_t count_ = 0;
};

}  // namespace stagger
