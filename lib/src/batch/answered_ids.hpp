#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace stagger::batch {

/// The ids that a results file answers. "line-N", the usual form, costs a bit; any other id its text.
class answered_ids {
 public:
    void insert(std::string_view custom_id);
    bool contains(std::string_view custom_id) const;
    std::size_t size() const { return size_; }

 private:
    std::vector<bool> lines_;
    std::unordered_set<std::string> others_;
    std::size_t size_ = 0;
};

}  // namespace stagger::batch
