#pragma once

#include <boost/intrusive/list.hpp>

#include "http/io_types.hpp"

namespace stagger {

/** @brief Somebody who waits on a timer of his own to be called before his limit.
 *
 * Stands in a `waiting_list` without being counted there, and leaves it by himself when he is destroyed: many
 * who are cancelled at once cost no more each than one alone.
 */
class waiting_caller
    : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
    waiting_caller(const io_executor& executor, time_point limit) : until_(executor, limit) {}
    waiting_caller(const waiting_caller&) = delete;
    waiting_caller& operator=(const waiting_caller&) = delete;

    /// Ends when he is called, at his limit, or when the coroutine is cancelled.
    auto wait() { return until_.async_wait(with_error); }
    /// Once he has left the list.
    void call() {
        called_ = true;
        until_.cancel();
    }
    bool called() const { return called_; }

 private:
    io_timer until_;
    bool called_ = false;
};

/// Those who wait, the longest waiting in front.
using waiting_list = boost::intrusive::list<waiting_caller, boost::intrusive::constant_time_size<false>>;

}  // namespace stagger
