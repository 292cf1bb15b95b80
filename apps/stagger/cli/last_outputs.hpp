#pragma once

#include <functional>

#include "terminal/console.hpp"

namespace app {

/// What a command writes at its end: each is tried, so that one full disk does not cost the others.
class last_outputs {
 public:
    explicit last_outputs(console& out) : out_(out) {}

    /// @param one writes; a failure that it throws is told
    void write(const std::function<void()>& one);
    bool failed() const { return failed_; }

 private:
    console& out_;
    bool failed_ = false;
};

}  // namespace app
