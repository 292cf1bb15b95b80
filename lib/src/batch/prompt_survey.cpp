#include "batch/prompt_survey.hpp"

#include <algorithm>
#include <bit>
#include <unordered_map>
#include <vector>

#include "batch/line_hash.hpp"

namespace stagger::batch {
namespace {

// At eight places a prompt, one prompt in a dozen or fewer shares its place with another by chance.
constexpr std::size_t places_a_prompt = 8;
constexpr std::size_t fewest_places = 1024;
// Equal hashes of different ids are so rare that these are enough to find one real repetition.
constexpr std::size_t enough_suspects = 64;

}  // namespace

std::optional<prompt_survey> survey(listed_prompts& prompts, const recorded_prompts& recorded) {
    prompt_survey found;
    line_sums sums;
    const auto use = [&](const row& each) {
        ++found.prompts;
        if (recorded.contains_line(each.number)) sums.add(each.number, each.hash());
        return true;
    };
    if (!prompts.look_ahead(use)) return std::nullopt;
    found.changed = recorded.sums().difference(sums);
    return found;
}

std::optional<std::size_t> changed_line(listed_prompts& prompts, const result_file& results,
                                        const line_sums::range& among) {
    const auto answered = results.line_hashes(among);
    std::vector<bool> same(answered.size());
    const auto use = [&](const row& each) {
        if (each.number > among.last) return false;
        if (each.number < among.first) return true;
        const auto index = each.number - among.first;
        same[index] = !answered[index] || *answered[index] == each.hash();
        return true;
    };
    prompts.look_ahead(use);
    for (std::size_t index = 0; index < answered.size(); ++index) {
        if (answered[index] && !same[index]) return among.first + index;
    }
    return std::nullopt;
}

std::optional<repeated_id> find_repeated_id(listed_prompts& file, std::size_t prompts) {
    const auto places = std::bit_ceil(std::max(prompts * places_a_prompt, fewest_places));
    std::vector<bool> taken(places);
    std::vector<bool> shared(places);
    const auto mark = [&](const row& each) {
        const auto place = line_hash(file.interpret(each).custom_id) & (places - 1);
        if (taken[place]) shared[place] = true;
        taken[place] = true;
        return true;
    };
    if (!file.look_ahead(mark)) return std::nullopt;
    taken = {};
    // Two ids can have the same hash, so those that do are compared as texts, in a pass of their own.
    std::unordered_map<std::uint64_t, std::size_t> first_lines;
    std::vector<std::uint64_t> suspects;
    const auto suspect = [&](const row& each) {
        const auto hash = line_hash(file.interpret(each).custom_id);
        if (!shared[hash & (places - 1)]) return true;
        if (!first_lines.emplace(hash, each.number).second) suspects.push_back(hash);
        return suspects.size() < enough_suspects;
    };
    file.look_ahead(suspect);
    if (suspects.empty()) return std::nullopt;
    std::sort(suspects.begin(), suspects.end());
    std::unordered_map<std::string, std::size_t> seen;
    std::optional<repeated_id> found;
    const auto compare = [&](const row& each) {
        auto id = file.interpret(each).custom_id;
        if (!std::binary_search(suspects.begin(), suspects.end(), line_hash(id))) return true;
        const auto [known, fresh] = seen.emplace(std::move(id), each.number);
        if (!fresh) found = repeated_id{known->first, known->second, each.number};
        return fresh;
    };
    file.look_ahead(compare);
    return found;
}

}  // namespace stagger::batch
