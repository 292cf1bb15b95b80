#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "http/io_types.hpp"
#include "net/running_operation.hpp"

namespace stagger::detail {

/** @brief What the requests of one client do next on its strand, posted once for all of them.
 *
 * A post takes memory from the allocator, two locks and two erased calls: with one for each step of each
 * request a busy client took a tenth more CPU time. Safe from any thread.
 */
class next_turn : public std::enable_shared_from_this<next_turn> {
 public:
    /// @param posting the strand, by an executor that never runs anything inside the call
    explicit next_turn(io_executor posting);

    /// `who` takes its turn on the strand, later than this call, and in the order of the calls.
    /// @throws std::bad_alloc
    void add(std::shared_ptr<running_operation> who);
    /// What is added from now on comes behind whatever has been posted to the strand until now.
    void separate();

 private:
    /// Owned by what is posted: a context that is destroyed takes the requests with it.
    struct turn {
        std::vector<std::shared_ptr<running_operation>> entries;
        std::size_t begun = 0;
    };
    void post(std::shared_ptr<turn> one);
    void take(const std::shared_ptr<turn>& one);

    const io_executor posting_;
    std::mutex mutex_;  // guards everything below, and the entries of a turn that has not been taken
    std::weak_ptr<turn> coming_;
    std::vector<std::vector<std::shared_ptr<running_operation>>> spare_;  // memory of turns that are over
};

}  // namespace stagger::detail
