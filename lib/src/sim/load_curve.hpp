#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/simulation.hpp"
#include "stagger/time.hpp"

namespace stagger::sim {

/** @brief What reached the server over a run, and at which pace the clients meant to send: the data of a
 * plot.
 *
 * Counted in bins of one width, which grows as the run does, so that any run takes the same memory. Widths
 * are 10 ms times 1, 5, 10, 50, 100 and so on: each a multiple of those before it, so that the curves of
 * several runs can be brought to the same one.
 */
class load_curve final : public observer {
 public:
    struct bin {
        std::uint64_t admitted = 0;
        std::uint64_t rejected = 0;
        std::uint64_t failed = 0;  ///< by an accident
        double paced = 0;  ///< what the paces of clients with something to send amount to, in requests

        std::uint64_t arrived() const { return admitted + rejected + failed; }
    };

    static constexpr std::size_t most_bins = 2000;

    void arrived(time_point now, std::size_t client, std::uint64_t request, unsigned status) override;
    void left_queue(time_point now, std::size_t client, std::uint64_t request, unsigned status) override;
    void settled(time_point now, std::size_t client, const coordinator& core) override;

    /// Makes the bins as wide as needed to have at most so many.
    void coarsen_to(std::size_t bins);
    /// At least so wide; a width that another curve has.
    void widen_to(duration width);

    duration width() const { return width_; }
    const std::vector<bin>& bins() const { return bins_; }
    /// Until the last thing that happened, from time 0.
    duration length() const { return latest_ - time_point{}; }
    /// Whether any client had a pace: tasks on their own have none.
    bool has_pace() const { return has_pace_; }

 private:
    /// Makes room for this time.
    bin& at(time_point now);
    void widen();
    /// Counts what the paces amount to up to now.
    void pass_time(time_point now);

    duration width_ = std::chrono::milliseconds(10);
    std::size_t next_growth_ = 0;  ///< which of the factors 5 and 2 comes next
    std::vector<bin> bins_;
    std::vector<double> paces_;  ///< by client
    double pace_ = 0;
    bool has_pace_ = false;
    time_point paced_until_{};
    time_point latest_{};
};

}  // namespace stagger::sim
