#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "batch/file_handle.hpp"
#include "sim/simulation.hpp"

namespace app {

/** @brief The file of `--trace`: one JSON object for everything that happens in a run, in the order of time.
 *
 * `in_flight`, `pace_per_s` and `mode` are those of the client's coordinator after what happened to it at
 * that instant; at the server's events, after the client's last one. docs/scenarios.md has the events.
 */
class trace_file final : public stagger::sim::observer {
 public:
    /// @param paces whether the policy has a mode and a pace to speak of
    /// @throws failure file_failed
    trace_file(std::string path, bool paces);

    void sent(stagger::time_point now, std::size_t client, std::uint64_t request) override;
    void arrived(stagger::time_point now, std::size_t client, std::uint64_t request,
                 unsigned status) override;
    void left_queue(stagger::time_point now, std::size_t client, std::uint64_t request,
                    unsigned status) override;
    void came_back(stagger::time_point now, std::size_t client, std::uint64_t request,
                   stagger::time_point not_before) override;
    void ended(stagger::time_point now, std::size_t client, std::uint64_t request, bool succeeded) override;
    void settled(stagger::time_point now, std::size_t client, const stagger::coordinator& core) override;

    /// @throws failure file_failed
    void finish();

 private:
    struct happening {
        stagger::time_point at;
        const char* event;
        std::uint64_t request;
        unsigned status = 0;
        stagger::time_point not_before = stagger::never;
    };
    struct client_state {
        std::size_t in_flight = 0;
        double pace_per_s = 0;
        stagger::coordinator_mode mode{};
        std::vector<happening> unsettled;
    };

    client_state& state_of(std::size_t client);
    void write(const happening& what, std::size_t client);
    void flush();

    std::string path_;
    bool paces_;
    stagger::batch::file_handle file_;
    std::string pending_;
    std::vector<client_state> clients_;
};

}  // namespace app
