#include "records/limits_file.hpp"

#include <algorithm>
#include <utility>

#include "base/date.hpp"
#include "base/utf8.hpp"
#include "json/exact_json_object.hpp"
#include "json/json_text.hpp"
#include "json/json_writer.hpp"
#include "records/limits_members.hpp"

namespace stagger::wire {

namespace {

constexpr std::string_view format_name = "stagger limits";
constexpr unsigned version = 1;

// A clock that was put right may have been ahead by as much.
constexpr std::chrono::hours from_the_future{24};

/// Calls `read(name, value, path)` for every member of an object. What one of them is refused for is noted,
/// and the others are read.
template <class Read>
void for_each_member(std::string_view value, const std::string& path, std::vector<std::string>& refused,
                     Read read) {
    const auto members = json_members(value);
    if (!members) throw std::invalid_argument(path + ": must be an object");
    for (const json_member& each : *members) {
        std::string inside = path + '[';
        append_json_string(inside, each.name);
        inside += ']';
        try {
            read(each.name, each.value, inside);
        } catch (const std::invalid_argument& wrong) {
            refused.emplace_back(wrong.what());
        }
    }
}

remembered_limits read_entry(std::string_view value, const std::string& path) {
    const exact_json_object object(value, path);
    const remembered_limits limits = read_limits(object);
    if (!limits.learned_at) object.reject("learned_at", "must be given");
    return limits;
}

bool reads_back(std::chrono::sys_seconds date) {
    const auto read = parse_rfc3339(format_rfc3339(date));
    return read && *read == static_cast<double>(date.time_since_epoch().count());
}

/// Adds the members of one level of the file, which are grouped by the key's parts.
template <class Same, class Append>
void append_group(object_writer& object, std::string_view name, entries_as_written::const_iterator& at,
                  entries_as_written::const_iterator end, Same same, Append append) {
    object_writer group(object.key(name));
    for (const limits_key first = at->first; at != end && same(first, at->first);) append(group, at);
    group.close();
}

}  // namespace

std::optional<std::string> unwritable(const limits_key& key, const remembered_limits& limits) {
    const std::pair<std::string_view, const std::string&> names[] = {
        {"endpoint", key.endpoint}, {"account", key.account}, {"model", key.model}};
    for (const auto& [name, value] : names) {
        if (invalid_utf8_at(value)) return std::string(name) + ": must be UTF-8";
    }
    if (const auto broken = broken_rule(limits)) {
        return std::string(broken->field) + ": " + std::string(broken->rule);
    }
    if (!limits.learned_at) return "learned_at: must be given";
    if (!reads_back(*limits.learned_at)) return "learned_at: must be a date of this era";
    return std::nullopt;
}

std::string format_limits_file(const limits_by_key& limits, const entries_as_written& unread) {
    entries_as_written entries;
    for (const auto& [key, learned] : limits) {
        if (unwritable(key, learned)) continue;
        object_writer entry(entries[key]);
        append_limits(entry, learned);
        entry.close();
    }
    entries.insert(unread.begin(), unread.end());
    std::string text;
    object_writer file(text);
    file.string("format", format_name);
    file.count("version", version);
    object_writer endpoints(file.key("limits"));
    const auto end = entries.cend();
    const auto same_endpoint = [](const limits_key& a, const limits_key& b) {
        return a.endpoint == b.endpoint;
    };
    const auto same_account = [&](const limits_key& a, const limits_key& b) {
        return same_endpoint(a, b) && a.account == b.account;
    };
    const auto model = [](object_writer& account, entries_as_written::const_iterator& at) {
        account.raw(at->first.model, at->second);
        ++at;
    };
    const auto account = [&](object_writer& endpoint, entries_as_written::const_iterator& at) {
        append_group(endpoint, at->first.account, at, end, same_account, model);
    };
    for (auto at = entries.cbegin(); at != end;) {
        append_group(endpoints, at->first.endpoint, at, end, same_endpoint, account);
    }
    endpoints.close();
    file.close();
    text += '\n';
    return text;
}

parsed_limits parse_limits_file(std::string_view text) {
    if (const auto problem = json_problem(text)) throw std::invalid_argument("must be JSON, " + *problem);
    if (!json_trimmed(text).starts_with('{')) throw std::invalid_argument("must be an object");
    const exact_json_object file(text, "");
    if (!file.has("format") || file.text("format") != format_name) {
        file.reject("format", "must be \"" + std::string(format_name) + "\"");
    }
    if (file.count("version") != version) {
        throw unknown_limits_version("version: must be " + std::to_string(version) + ", is " +
                                     std::to_string(file.count("version")));
    }
    file.expect_only({"format", "version", "limits"});
    parsed_limits read;
    auto& refused = read.refused;
    const auto each_endpoint = [&](const auto& endpoint, auto accounts, const auto& in_limits) {
        const auto each_account = [&](const auto& account, auto models, const auto& in_accounts) {
            const auto each_model = [&](const auto& model, auto entry, const auto& path) {
                const limits_key key{endpoint, account, model};
                if (may_be_of_later_version(entry)) read.unread[key] = entry;
                read.limits[key] = read_entry(entry, path);
                read.unread.erase(key);
            };
            for_each_member(models, in_accounts, refused, each_model);
        };
        for_each_member(accounts, in_limits, refused, each_account);
    };
    for_each_member(file.raw("limits"), "limits", refused, each_endpoint);
    return read;
}

bool is_fresh(const remembered_limits& limits, std::chrono::sys_seconds now) {
    return limits.learned_at && *limits.learned_at >= now - remembered_for &&
           *limits.learned_at <= now + from_the_future;
}

void drop_old(limits_by_key& limits, std::chrono::sys_seconds now) {
    std::erase_if(limits, [&](const auto& entry) { return !is_fresh(entry.second, now); });
    if (limits.size() > most_remembered) drop_oldest(limits, limits.size() - most_remembered);
}

void drop_oldest(limits_by_key& limits, std::size_t count) {
    std::vector<limits_by_key::iterator> by_age;
    by_age.reserve(limits.size());
    for (auto each = limits.begin(); each != limits.end(); ++each) by_age.push_back(each);
    const auto older = [](auto left, auto right) {
        return left->second.learned_at < right->second.learned_at;
    };
    std::stable_sort(by_age.begin(), by_age.end(), older);
    by_age.resize(std::min(count, by_age.size()));
    for (const auto each : by_age) limits.erase(each);
}

}  // namespace stagger::wire
