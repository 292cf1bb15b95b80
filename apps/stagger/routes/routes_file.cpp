#include "routes_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <stdexcept>

#include "cli/exit_code.hpp"
#include "cli/json_file.hpp"
#include "dialect/known_hosts.hpp"
#include "dialect/registry.hpp"
#include "http/endpoint.hpp"
#include "scenario/scenario_file_object.hpp"
#include "sending/api_key.hpp"
#include "stagger/dialect.hpp"

namespace app {
namespace {

using stagger::wire::scenario_object;

constexpr std::size_t most_routes = 64;

std::string folder_of(const std::string& path) {
    return std::filesystem::path(path).parent_path().string();
}

/// Where the key is: a file, a variable, or the variables of the provider.
void find_key(const scenario_object& from, const std::string& folder, const environment_reader& environment,
              described_route& to) {
    const std::string file = from.text("api_key_file", "");
    const std::string variable = from.text("api_key_env", "");
    if (!file.empty() && !variable.empty())
        from.reject("api_key_env", "must not stand beside api_key_file", *from.find("api_key_env"));
    if (!file.empty()) {
        to.secret = read_api_key((std::filesystem::path(folder) / file).string());
        return;
    }
    if (!variable.empty()) {
        to.key_variables = variable;
        to.secret = checked_api_key(environment(variable), variable);
        if (to.secret.empty())
            from.reject("api_key_env", "must name a variable that is set", *from.find("api_key_env"));
        return;
    }
    auto found = find_api_key(stagger::wire::key_variables_for_url(to.base_url, to.dialect), environment);
    to.secret = std::move(found.secret);
    to.key_variables = std::move(found.variables);
}

void read_headers(const scenario_object& from, described_route& to) {
    const auto* const found = from.find("headers");
    if (!found) return;
    const scenario_object all(*found, from.path_of("headers"));
    for (const auto& member : found->get_object()) {
        const std::string name(member.key());
        to.headers[name] = all.text(name, "");
    }
}

/// A password has no place in the file.
void read_way(const scenario_object& from, const environment_reader& environment, transport_choice& to) {
    to.unix_socket = from.text("unix_socket", "");
    const auto* const proxy = from.find("proxy");
    const auto* const variable = from.find("proxy_env");
    if (proxy && variable) from.reject("proxy_env", "must not stand beside proxy", *variable);
    if (!to.unix_socket.empty() && (proxy || variable))
        from.reject("unix_socket", "must not stand beside a proxy", *from.find("unix_socket"));
    if (proxy) {
        to.proxy = from.text("proxy", "");
        if (to.proxy->find('@') != std::string::npos)
            throw std::invalid_argument(from.path_of("proxy") +
                                        ": must not hold a user or a password: proxy_env names a variable");
    }
    if (!variable) return;
    to.proxy = environment(from.text("proxy_env", ""));
    if (to.proxy->empty()) from.reject("proxy_env", "must name a variable that is set", *variable);
}

described_route read_route(const boost::json::value& value, const std::string& path,
                           const std::string& folder, const environment_reader& environment) {
    const scenario_object from(
        value, path,
        {"name", "base_url", "model", "dialect", "api_key_file", "api_key_env", "headers", "proxy",
         "proxy_env", "unix_socket", "tier", "weight", "fallback_after_s", "account", "rpm", "tpm"});
    described_route made;
    made.base_url = stagger::wire::read_scenario_name(from.require("base_url"), from.path_of("base_url"));
    try {
        (void)stagger::parse_endpoint(made.base_url);
    } catch (const std::invalid_argument& wrong) {
        throw std::invalid_argument(from.path_of("base_url") + ": " + wrong.what());
    }
    made.name = from.text("name", stagger::shown_url(made.base_url));
    const std::string dialect = from.text("dialect", "auto");
    const auto chosen = stagger::parse_dialect(dialect);
    if (!chosen && dialect != "auto")
        from.reject("dialect", "must be auto, " + stagger::wire::dialect_names(), *from.find("dialect"));
    made.dialect = chosen ? *chosen : stagger::dialect_of_url(made.base_url);
    made.model = from.text("model", "");
    made.account = from.text("account", "");
    made.tier = static_cast<unsigned>(from.whole("tier", 0, 0, most_routes));
    made.weight = from.number("weight", 1, stagger::wire::positive);
    if (from.find("fallback_after_s"))
        made.fallback_after = from.seconds("fallback_after_s", {}, stagger::wire::positive);
    made.requests_per_minute = from.number("rpm", 0, stagger::wire::not_negative);
    made.tokens_per_minute = from.number("tpm", 0, stagger::wire::not_negative);
    read_headers(from, made);
    read_way(from, environment, made.way);
    find_key(from, folder, environment, made);
    return made;
}

/// One limit has one number.
void check_accounts(const std::vector<described_route>& all) {
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (all[i].account.empty()) continue;
        const auto first = std::find_if(all.begin(), all.end(), [&](const described_route& one) {
            return one.account == all[i].account;
        });
        const bool same = first->requests_per_minute == all[i].requests_per_minute &&
                          first->tokens_per_minute == all[i].tokens_per_minute;
        if (!same)
            throw std::invalid_argument(fmt::format(
                "routes[{}].account: must have the same rpm and tpm wherever it stands, is \"{}\"", i,
                all[i].account));
    }
}

}  // namespace

std::vector<described_route> read_routes(const std::string& path, const environment_reader& environment) {
    const boost::json::value file = read_json_file(path);
    try {
        const scenario_object top(file, "the file", {"routes"});
        auto all = scenario_object(file, "").each(
            "routes", [&](const boost::json::value& value, const std::string& where) {
                return read_route(value, where, folder_of(path), environment);
            });
        if (all.empty() || all.size() > most_routes)
            throw std::invalid_argument(fmt::format("routes: must be from 1 to 64, are {}", all.size()));
        std::set<std::string> names;
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (names.insert(all[i].name).second) continue;
            throw std::invalid_argument(
                fmt::format("routes[{}].name: must be another than those before, is \"{}\"", i, all[i].name));
        }
        check_accounts(all);
        return all;
    } catch (const std::invalid_argument& wrong) {
        throw failure(exit_code::wrong_usage, path + ": " + wrong.what());
    }
}

std::vector<described_route> pick_routes(std::vector<described_route> all,
                                         const std::vector<std::string>& names) {
    if (names.empty()) return all;
    std::string known;
    for (const described_route& one : all) known.append(known.empty() ? "" : ", ").append(one.name);
    for (const std::string& name : names) {
        const bool is_there =
            std::any_of(all.begin(), all.end(), [&](const described_route& one) { return one.name == name; });
        if (is_there) continue;
        throw failure(exit_code::wrong_usage, fmt::format("--route: \"{}\" is none of {}", name, known));
    }
    std::erase_if(all, [&](const described_route& one) {
        return std::find(names.begin(), names.end(), one.name) == names.end();
    });
    return all;
}

}  // namespace app
