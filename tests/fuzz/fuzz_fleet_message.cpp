#include <cmath>
#include <stdexcept>
#include <string>

#include "fleet/message.hpp"
#include "fuzz/fuzz_input.hpp"
#include "fuzz/property.hpp"
#include "fuzz/targets.hpp"

// What members of a fleet read of a store that others write into, too.

namespace stagger::fuzz {
namespace {

template <class Read>
void read_back(Read read_text) {
    try {
        read_text();
    } catch (const std::invalid_argument& wrong) {
        require_readable(wrong.what());
    }
}

void require_sane(const fleet::heartbeat& told) {
    require(std::isfinite(told.per_s) && told.per_s >= 0, "a pace is a number");
    require(told.active >= 1, "there is a member");
    if (told.learned) require(!broken_rule(*told.learned), "what was learned keeps its rules");
}

}  // namespace

void fuzz_fleet_message(std::string_view bytes) {
    fuzz_input input(bytes);
    const std::uint8_t kind = input.byte() % 3;
    const std::string_view text = input.rest();
    if (kind == 0) {
        read_back([&] {
            const fleet::report said = fleet::parse_report(text);
            require(said.outcomes.size() <= fleet::most_outcomes, "a report keeps its bound");
            require(said.member.size() <= fleet::longest_member_name, "a name keeps its bound");
            require(fleet::parse_report(fleet::format(said)) == said, "a report is read back", text);
        });
    } else if (kind == 1) {
        read_back([&] {
            const auto told = fleet::parse_from_leader(text);
            if (const auto* const planned = std::get_if<fleet::slots>(&told)) {
                require(planned->planned.size() <= fleet::most_slots, "slots keep their bound");
                require(std::get<fleet::slots>(fleet::parse_from_leader(fleet::format(*planned))) == *planned,
                        "slots are read back", text);
            } else {
                const auto& beat = std::get<fleet::heartbeat>(told);
                require_sane(beat);
                require(std::get<fleet::heartbeat>(fleet::parse_from_leader(fleet::format(beat))) == beat,
                        "a heartbeat is read back", text);
            }
        });
    } else {
        read_back([&] {
            const remembered_limits limits = fleet::parse_limits(text);
            require(!broken_rule(limits), "limits keep their rules");
            require(fleet::parse_limits(fleet::format(limits)) == limits, "limits are read back", text);
        });
    }
}

}  // namespace stagger::fuzz
