#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>

namespace stagger::fairness {

/// What each tenant has going: nothing is kept of one that has nothing.
class tenant_counts {
 public:
    std::size_t of(std::uint64_t tenant) const {
        const auto found = counts_.find(tenant);
        return found == counts_.end() ? 0 : found->second;
    }
    void add(std::uint64_t tenant) { ++counts_[tenant]; }
    void remove(std::uint64_t tenant) {
        const auto found = counts_.find(tenant);
        if (found != counts_.end() && --found->second == 0) counts_.erase(found);
    }

 private:
    std::unordered_map<std::uint64_t, std::size_t> counts_;
};

}  // namespace stagger::fairness
