#include "fleet_status.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <tuple>
#include <variant>

#include "fleet/key_walk.hpp"
#include "fleet/message.hpp"

namespace app {
namespace {

std::string_view take_line(std::string_view& text) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    return line;
}

}  // namespace

shared_limit parse_shared_limit(std::string_view text) {
    std::string_view line = take_line(text);
    shared_limit found;
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), found.processes);
    const auto used = static_cast<std::size_t>(end - line.data());
    if (error != std::errc() || used == line.size() || line[used] != ' ')
        throw std::invalid_argument("state: must begin with a number of processes");
    const auto said = stagger::fleet::parse_from_leader(line.substr(used + 1));
    const auto* beat = std::get_if<stagger::fleet::heartbeat>(&said);
    if (!beat) throw std::invalid_argument("state: must have a heartbeat");
    found.active = std::min(beat->active, found.processes);
    found.per_s = beat->per_s;
    found.is_measured = beat->is_measured;
    found.mode = beat->mode;
    found.term = beat->term;
    found.endpoint = take_line(text);
    found.model = text;
    return found;
}

std::string limit_id(std::string_view key) {
    constexpr std::size_t enough_digits = 8;
    const auto begin = key.rfind('{');
    const auto end = key.rfind('}');
    if (begin == key.npos || end == key.npos || end < begin) return {};
    return std::string(key.substr(begin + 1, std::min(end - begin - 1, enough_digits)));
}

std::vector<shared_limit> read_fleet_status(const stagger::fleet_options& options) {
    std::vector<shared_limit> all;
    const auto get = [](const std::string& key) { return std::vector<std::string>{"GET", key}; };
    for (const auto& [key, told] : walk_keys(options, options.prefix() + ":{*}:state", get)) {
        try {
            // One that has just expired is no more.
            if (told.text.empty()) continue;
            all.push_back(parse_shared_limit(told.text));
            all.back().id = limit_id(key);
        } catch (const std::invalid_argument&) {
            // Of another version; the others are shown.
        }
    }
    std::sort(all.begin(), all.end(), [](const shared_limit& left, const shared_limit& right) {
        return std::tie(left.endpoint, left.model, left.id) < std::tie(right.endpoint, right.model, right.id);
    });
    return all;
}

}  // namespace app
