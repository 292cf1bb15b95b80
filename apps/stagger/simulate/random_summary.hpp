#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sim/simulation.hpp"
#include "terminal/text_table.hpp"

namespace app {

/// How a policy did over many scenarios of one kind.
class random_summary {
 public:
    /// @param group kind of scenario and policy
    void add(const std::pair<std::string, std::string>& group, const std::string& scenario,
             const stagger::sim::measures& found);

    /// A line for each group: the middle, the bad end and the worst of efficiency and waste, and in which
    /// scenario that was.
    text_table table() const;
    /// Every measure's median, for figures that have to be reached; `lost` is the sum.
    std::map<std::pair<std::string, std::string>, stagger::sim::measures> medians() const;

 private:
    struct runs {
        std::vector<std::string> scenarios;
        std::vector<stagger::sim::measures> found;
    };
    std::map<std::pair<std::string, std::string>, runs> groups_;
};

}  // namespace app
