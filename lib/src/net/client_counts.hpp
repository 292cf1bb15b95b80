#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "stagger/client_counters.hpp"

namespace stagger::detail {

/// A number that is changed on one strand and read from anywhere: no locked instruction is needed.
class strand_counter {
 public:
    void add(std::uint64_t amount = 1) {
        value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
    }
    std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
    std::atomic<std::uint64_t> value_{0};
};

/// What a client counts. Changed on its strand.
struct client_counts {
    static constexpr unsigned statuses = 1000;  // three digits, as the parser lets through

    strand_counter started;
    strand_counter succeeded;
    strand_counter failed;
    strand_counter attempts;
    strand_counter rejections;
    strand_counter unreadable_answers;
    std::array<strand_counter, statuses> attempts_by_status;
    strand_counter bytes_sent;
    strand_counter bytes_received;
    strand_counter connections_opened;
    strand_counter connections_reused;
    strand_counter connections_failed;

    client_counters snapshot() const;
};

}  // namespace stagger::detail
