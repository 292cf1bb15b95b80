#pragma once

#include <cstdint>
#include <optional>

#include "provider/description.hpp"
#include "stagger/time.hpp"

/// A fleet of endless batches at one provider, in virtual time.
struct fleet_case {
    stagger::provider::provider_description provider;
    double per_s = 0;  ///< what the provider admits
    std::size_t members = 8;
    unsigned most_in_flight = 4096;  ///< of each
    stagger::duration runs_for = std::chrono::seconds(60);
    stagger::duration warm_up = std::chrono::seconds(20);    ///< before figures count
    stagger::duration hop = std::chrono::microseconds(500);  ///< between a process and the store
    bool shares = true;                                      ///< false: each by itself
    std::optional<stagger::duration> leader_dies_at;
    std::optional<stagger::duration> store_gone_at, store_back_at;  ///< it comes back empty
    std::uint64_t seed = 1;
};

struct fleet_figures {
    double efficiency = 0;  ///< admitted, over what the provider admits
    double waste = 0;       ///< refusals per 100 admitted
    double jain = 0;        ///< of what each member that lived had admitted
    double messages_per_s = 0;
    std::uint64_t peak_in_10_ms = 0;
    std::size_t alone_at_the_end = 0;
    std::size_t leaders = 0;          ///< that there were
    stagger::duration longest_gap{};  ///< without an arrival
};

/// The members are coordinators; between them and their leader lies a store that takes `hop` each way.
fleet_figures run_fleet(const fleet_case& given);
