#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

/// What becomes of exchanges, as shares of them; the rest goes through untouched.
struct fault_shares {
    double reset = 0;   ///< the connection is reset before the request has gone on
    double lost = 0;    ///< the server answers, and the connection is reset before a byte of that came back
    double cut = 0;     ///< the connection is reset amid the answer
    double silent = 0;  ///< nothing comes back, and the connection stays open
    double sliced = 0;  ///< the whole answer, a few bytes at a time
    double failed = 0;  ///< a 500 in the server's place
};

/** A proxy in front of a server that loses, cuts and delays what goes through it, and keeps books of it.
 *
 * Knows requests by their prompts, "question N". Runs on a thread of its own until it is destroyed. Faults
 * are drawn from the seed, in the order in which requests come.
 */
class fault_proxy {
 public:
    fault_proxy(unsigned short server, const fault_shares& shares, std::uint64_t seed);
    ~fault_proxy();
    fault_proxy(const fault_proxy&) = delete;
    fault_proxy& operator=(const fault_proxy&) = delete;

    std::string base_url() const;

    struct books {
        std::vector<unsigned> asked;     ///< by the number of the prompt
        std::vector<bool> answered;      ///< the whole of a 200 was taken by the client's side
        std::vector<unsigned> repeated;  ///< prompts that were asked again after that
        std::size_t faults = 0;
    };
    books now() const;
    /// What was answered before may be asked again from here on: whoever got it is gone.
    void forget_answers();

 private:
    struct state;
    std::unique_ptr<state> state_;
};
