#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "stagger/batch.hpp"

namespace stagger::batch {

/** Results that wait for their consumer, in the order in which they came, or in that of their prompts.
 *
 * In the order of the prompts a result waits for those before it, and the places for it are all there is:
 * whoever takes up prompts must not be further ahead than `places`.
 */
class result_queue {
 public:
    /// Results are handed on by pointer: moving one through all the layers costs more than an allocation.
    using node = std::unique_ptr<batch_result>;

    /// @param places in the order of the prompts; 0: in the order in which they come
    explicit result_queue(std::size_t places) : in_order_(places) {}

    /// @param sequence of its prompt, from 0
    void push(std::uint64_t sequence, node result) {
        if (in_order_.empty()) {
            as_they_came_.push_back(std::move(result));
        } else {
            in_order_[sequence % in_order_.size()] = std::move(result);
        }
    }

    bool ready() const {
        return in_order_.empty() ? !as_they_came_.empty() : in_order_[taken_ % in_order_.size()] != nullptr;
    }

    /// @pre ready()
    node take() {
        if (!in_order_.empty()) return std::move(in_order_[taken_++ % in_order_.size()]);
        ++taken_;
        node first = std::move(as_they_came_.front());
        as_they_came_.pop_front();
        return first;
    }

    /// Results taken until now.
    std::uint64_t taken() const { return taken_; }

 private:
    std::vector<node> in_order_;  // a ring
    std::deque<node> as_they_came_;
    std::uint64_t taken_ = 0;
};

}  // namespace stagger::batch
