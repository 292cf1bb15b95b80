#include "wire/limits_file.hpp"

#include <algorithm>
#include <vector>

#include "wire/exact_json_object.hpp"
#include "wire/json_text.hpp"
#include "wire/json_writer.hpp"
#include "wire/limits_members.hpp"

namespace stagger::wire {

namespace {

constexpr std::string_view format_name = "stagger limits";
constexpr unsigned version = 1;

// A clock that was put right may have been ahead by as much.
constexpr std::chrono::hours from_the_future{24};

/// Calls `read(name, value, path)` for every member of an object.
template <class Read>
void for_each_member(std::string_view value, const std::string& path, Read read) {
    const auto members = json_members(value);
    if (!members) throw std::invalid_argument(path + ": must be an object");
    for (const json_member& each : *members) {
        const std::string inside = path + "[\"" + each.name + "\"]";
        read(each.name, each.value, inside);
    }
}

remembered_limits read_entry(std::string_view value, const std::string& path) {
    const exact_json_object object(value, path);
    const remembered_limits limits = read_limits(object);
    if (!limits.learned_at) object.reject("learned_at", "must be given");
    return limits;
}

/// Adds the members of one level of the file, which are grouped by the key's parts.
template <class Same, class Append>
void append_group(object_writer& object, std::string_view name, limits_by_key::const_iterator& at,
                  limits_by_key::const_iterator end, Same same, Append append) {
    object_writer group(object.key(name));
    for (const limits_key first = at->first; at != end && same(first, at->first);) append(group, at);
    group.close();
}

}  // namespace

std::string format_limits_file(const limits_by_key& limits) {
    std::string text;
    object_writer file(text);
    file.string("format", format_name);
    file.count("version", version);
    object_writer endpoints(file.key("limits"));
    const auto end = limits.end();
    const auto same_endpoint = [](const limits_key& a, const limits_key& b) {
        return a.endpoint == b.endpoint;
    };
    const auto same_account = [&](const limits_key& a, const limits_key& b) {
        return same_endpoint(a, b) && a.account == b.account;
    };
    const auto model = [](object_writer& account, limits_by_key::const_iterator& at) {
        object_writer entry(account.key(at->first.model));
        append_limits(entry, at->second);
        entry.close();
        ++at;
    };
    const auto account = [&](object_writer& endpoint, limits_by_key::const_iterator& at) {
        append_group(endpoint, at->first.account, at, end, same_account, model);
    };
    for (auto at = limits.begin(); at != end;) {
        append_group(endpoints, at->first.endpoint, at, end, same_endpoint, account);
    }
    endpoints.close();
    file.close();
    text += '\n';
    return text;
}

limits_by_key parse_limits_file(std::string_view text) {
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
    limits_by_key read;
    for_each_member(
        file.raw("limits"), "limits", [&](const auto& endpoint, auto accounts, const auto& in_limits) {
            for_each_member(
                accounts, in_limits, [&](const auto& account, auto models, const auto& in_accounts) {
                    for_each_member(models, in_accounts,
                                    [&](const auto& model, auto entry, const auto& path) {
                                        read[limits_key{endpoint, account, model}] = read_entry(entry, path);
                                    });
                });
        });
    return read;
}

bool is_fresh(const remembered_limits& limits, std::chrono::sys_seconds now) {
    return limits.learned_at && *limits.learned_at >= now - remembered_for &&
           *limits.learned_at <= now + from_the_future;
}

void drop_old(limits_by_key& limits, std::chrono::sys_seconds now) {
    std::erase_if(limits, [&](const auto& entry) { return !is_fresh(entry.second, now); });
    if (limits.size() <= most_remembered) return;
    std::vector<limits_by_key::iterator> by_age;
    by_age.reserve(limits.size());
    for (auto each = limits.begin(); each != limits.end(); ++each) by_age.push_back(each);
    const auto older = [](auto left, auto right) {
        return left->second.learned_at < right->second.learned_at;
    };
    std::stable_sort(by_age.begin(), by_age.end(), older);
    by_age.resize(limits.size() - most_remembered);
    for (const auto each : by_age) limits.erase(each);
}

}  // namespace stagger::wire
