#pragma once

#include <string>
#include <vector>

#include "retry/own_failures.hpp"
#include "stagger/completion.hpp"

namespace stagger::detail {

/// Those attempts of one request that met accidents.
class accidents {
 public:
    /// @param before what had become of its like when the first of them was sent
    accidents(const prompt_outcomes& before, time_point first_sent) : history_{before, first_sent, 0} {}

    void add(failed_try one);
    /// As are_own_failures has it.
    bool are_its_own(const prompt_outcomes& now, time_point at, const failure_bounds& bounds) const {
        return are_own_failures(history_, now, at, bounds);
    }
    /// Why they are taken for its own, in front of the words of the last one.
    std::string explained(const prompt_outcomes& now, time_point at, const std::string& last) const;
    /// In their order; of very many the first and the last ones.
    std::vector<failed_try> take() { return std::move(tries_); }

 private:
    failure_history history_;
    std::vector<failed_try> tries_;
};

}  // namespace stagger::detail
