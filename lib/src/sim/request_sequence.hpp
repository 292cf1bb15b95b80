#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "provider/description.hpp"
#include "provider/token_cost.hpp"
#include "stagger/random.hpp"

namespace stagger::sim {

/// A request as its client submits it.
struct drawn_request {
    std::uint64_t number = 0;  ///< of the client's requests, from 0
    provider::token_cost tokens;
    std::string_view model;       ///< as the scenario spells it; empty where it names none
    bool unwanted = false;        ///< the provider refuses this prompt always
    bool never_answered = false;  ///< for that, or because it refuses the model

    /// What the client can know of its cost before it is answered.
    double known_tokens(const provider::client_description& client) const {
        return client.max_tokens > 0 ? tokens.prompt + tokens.reserved : tokens.prompt;
    }
};

/// One client's requests, in order: those that a run sends and those of the clairvoyant caller are the same.
class request_sequence {
 public:
    /// @param scenario must outlive the sequence and what it draws
    request_sequence(const provider::scenario& scenario, std::size_t client, std::uint64_t seed);

    drawn_request next();

 private:
    const provider::provider_description& provider_;
    const provider::client_description& client_;
    random_source random_;
    std::uint64_t number_ = 0;
};

/// How many of a client's requests the provider would answer sooner or later.
std::uint64_t answerable_requests(const provider::scenario& scenario, std::size_t client);

}  // namespace stagger::sim
