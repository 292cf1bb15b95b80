#pragma once

#include <cstddef>
#include <string>
#include <unordered_set>

namespace app {

/// Names that others choose, of which only the first few are told apart.
class few_names {
 public:
    explicit few_names(std::size_t most) : most_(most) {}

    /// The name, or "other".
    std::string of(const std::string& name) {
        if (known_.contains(name)) return name;
        if (known_.size() >= most_) return "other";
        return *known_.insert(name).first;
    }

 private:
    const std::size_t most_;
    std::unordered_set<std::string> known_;
};

}  // namespace app
