#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stagger/decision_log.hpp"

namespace app {

/// Why a coordinator changed its mode, in words.
std::string_view explain(const stagger::decisions::mode_changed& change);

/// What a decision log tells, for people: counts, what was waited for, and when the mode changed.
class decision_summary {
 public:
    void add(const stagger::decision_record& made);
    /// Some lines.
    std::string text() const;

 private:
    struct counter;
    struct counts {
        std::uint64_t submitted = 0, resubmitted = 0, withdrawn = 0, expired = 0;
        std::uint64_t admitted = 0, accepted = 0, throttled = 0, failed = 0, abandoned = 0;
    };

    std::string waiting_text() const;
    std::string modes_text() const;

    bool any_ = false;
    stagger::time_point first_{};
    stagger::time_point last_{};
    counts counts_;
    stagger::waiting_times waited_;                                                        // of the admitted
    std::vector<std::pair<stagger::time_point, stagger::decisions::mode_changed>> modes_;  // the first ones
    std::uint64_t mode_changes_ = 0;
};

}  // namespace app
