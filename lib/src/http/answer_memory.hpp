#pragma once

#include <boost/intrusive/list.hpp>
#include <cstddef>
#include <memory>

#include "http/deadline_queue.hpp"
#include "http/io_types.hpp"

namespace stagger {

/** @brief What the answers of one client hold together while they are received, and who may read on.
 *
 * One answer goes first: room for the largest that is allowed is kept for it, so that it can always come to
 * its end. The others share what is left; where that is used up they stand in line. The first of those who do
 * not find room is the one that goes first; when it has ended, the next in line is. Answers of which little
 * is held never wait: they are what most answers are, and what one read brings unasked.
 *
 * An answer that goes first and is not read on for a while, as a stream whose caller does other things, makes
 * way for the next, which may then be held on top of the bound: nothing waits for somebody who does not read.
 *
 * Runs on the strand of its client.
 */
class answer_memory : private deadline_queue::entry {
 public:
    /// Twice what one read brings, and more than most answers have.
    static constexpr std::size_t little_bytes = 16 * 1024;
    /// Long for a program that goes on reading, short for others who wait.
    static constexpr duration usual_rest = std::chrono::seconds(1);

    /// @param most_bytes together, of answers of which each is held to `largest_bytes`; at least as many
    /// @param longest_rest how long the one that goes first may do without reading
    answer_memory(std::shared_ptr<deadline_queue> deadlines, std::size_t most_bytes,
                  std::size_t largest_bytes, duration longest_rest = usual_rest);

    /// The part of one answer, after the other, of a connection. Gives back what it holds when it is
    /// destroyed.
    class holder : public boost::intrusive::list_base_hook<
                       boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
     public:
        explicit holder(std::shared_ptr<answer_memory> all) : all_(std::move(all)) {}
        holder(const holder&) = delete;
        holder& operator=(const holder&) = delete;
        virtual ~holder() { give_back(); }

        /// Whether to read on now: else it stands in line, and `may_go_on` tells when.
        bool ask();
        /// So many bytes are held of the answer, and nothing is read for now.
        void holds(std::size_t bytes);
        /// No longer wants to read.
        void leave_line();
        /// Nothing is held.
        void give_back();

     protected:
        /// It may read on, and has left the line. Must not call back.
        virtual void may_go_on() = 0;

     private:
        friend class answer_memory;
        std::shared_ptr<answer_memory> all_;
        std::size_t bytes_ = 0;
    };

    std::size_t held() const { return held_; }

 private:
    bool admits(holder& one);
    void go_on();
    void on_expired() override;

    const duration longest_rest_;
    const std::size_t shared_;  // by all but the one that goes first
    std::size_t held_ = 0;
    holder* first_ = nullptr;
    boost::intrusive::list<holder, boost::intrusive::constant_time_size<false>> line_;
};

}  // namespace stagger
