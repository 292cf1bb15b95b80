#include "sim/request_sequence.hpp"

#include <algorithm>

#include "provider/draw.hpp"
#include "sim/seeds.hpp"

namespace stagger::sim {
namespace {

std::string_view model_of(const provider::client_description& client, std::uint64_t number) {
    return client.models.empty() ? std::string_view() : client.models[number % client.models.size()];
}

}  // namespace

request_sequence::request_sequence(const provider::scenario& scenario, std::size_t client, std::uint64_t seed)
    : provider_(scenario.provider), client_(scenario.clients[client]), random_(token_seed(seed, client)) {}

drawn_request request_sequence::next() {
    drawn_request drawn;
    drawn.number = number_++;
    drawn.tokens.prompt = provider::draw_tokens(client_.tokens, random_);
    if (client_.output) {
        const double most = client_.max_tokens;
        drawn.tokens.made = provider::draw_tokens(*client_.output, random_);
        if (most > 0) drawn.tokens.made = std::min(drawn.tokens.made, most);
        drawn.tokens.reserved = most > 0 ? most : provider_.answers.default_max_tokens;
    }
    drawn.model = model_of(client_, drawn.number);
    drawn.unwanted =
        std::binary_search(client_.always_refused.begin(), client_.always_refused.end(), drawn.number);
    drawn.never_answered = drawn.unwanted || provider_.refuses_model(drawn.model);
    return drawn;
}

std::uint64_t answerable_requests(const provider::scenario& scenario, std::size_t client) {
    const provider::client_description& asked = scenario.clients[client];
    const auto of_refused_model = [&](std::uint64_t number) {
        return scenario.provider.refuses_model(model_of(asked, number));
    };
    // Models are named in turn: whole rounds of them, and what is left.
    const std::uint64_t round = std::max<std::size_t>(1, asked.models.size());
    std::uint64_t refused = 0;
    for (std::uint64_t each = 0; each < round; ++each) {
        const std::uint64_t named = asked.requests / round + (each < asked.requests % round ? 1 : 0);
        if (of_refused_model(each)) refused += named;
    }
    refused += static_cast<std::uint64_t>(
        std::count_if(asked.always_refused.begin(), asked.always_refused.end(),
                      [&](std::uint64_t each) { return each < asked.requests && !of_refused_model(each); }));
    return asked.requests - refused;
}

}  // namespace stagger::sim
