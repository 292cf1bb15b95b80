#pragma once

#include <string_view>

namespace stagger::gateway {

/// Follows a stream of events, however it is cut: a comment may be put in only between two of them.
class event_boundary {
 public:
    void pass(std::string_view piece) {
        for (const char one : piece) {
            if (one == '\r') {
                if (++line_ends_ > 2) line_ends_ = 2;
                after_cr_ = true;
                continue;
            }
            if (one == '\n') {
                if (!after_cr_ && ++line_ends_ > 2) line_ends_ = 2;
            } else {
                line_ends_ = 0;
            }
            after_cr_ = false;
        }
    }
    /// Nothing has passed yet, or a blank line last. A carriage return at the end may yet be half of a line
    /// end.
    bool is_between() const { return line_ends_ == 2 && !after_cr_; }

 private:
    unsigned line_ends_ = 2;  // in a row, at the end of what has passed
    bool after_cr_ = false;
};

}  // namespace stagger::gateway
