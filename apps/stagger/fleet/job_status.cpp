#include "fleet/job_status.hpp"

#include <algorithm>
#include <stdexcept>

#include "fleet/key_walk.hpp"
#include "job/job_scripts.hpp"

namespace app {

std::optional<job_status> parse_job_status(const std::string& name, const stagger::redis::reply& told) {
    constexpr std::size_t parts = 7;
    if (told.items.size() < parts || told.items[0].text.empty()) return std::nullopt;
    job_status found;
    found.name = name;
    try {
        found.about = stagger::job::parse_description(told.items[0].text);
    } catch (const std::invalid_argument&) {
        return std::nullopt;  // of another version; the others are shown
    }
    const auto number = [&told](std::size_t index) {
        return static_cast<std::uint64_t>(std::max<std::int64_t>(told.items[index].number(), 0));
    };
    found.in_work = number(2);
    found.waiting = number(1) - std::min(number(1), found.in_work);
    found.workers = number(3);
    found.unrecorded = number(4);
    found.taken_over = number(5);
    found.asked_again = number(6);
    return found;
}

std::vector<job_status> read_jobs(const stagger::fleet_options& options) {
    using stagger::job::job_of;
    const auto look = [&options](const std::string& key) {
        const auto keys = stagger::job::job_keys(options.prefix(), job_of(key));
        std::vector<std::string> words{"EVAL", stagger::job::scripts::look, std::to_string(keys.size())};
        words.insert(words.end(), keys.begin(), keys.end());
        return words;
    };
    std::vector<job_status> all;
    for (const auto& [key, told] : walk_keys(options, stagger::job::about_pattern(options.prefix()), look)) {
        if (auto found = parse_job_status(job_of(key), told)) all.push_back(std::move(*found));
    }
    std::sort(all.begin(), all.end(),
              [](const job_status& left, const job_status& right) { return left.name < right.name; });
    return all;
}

}  // namespace app
