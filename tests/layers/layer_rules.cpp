#include "layers/layer_rules.hpp"

#include <algorithm>
#include <iterator>
#include <regex>
#include <set>

namespace layers {

namespace {

using names = std::set<std::string>;

/// A row of the drawing in docs/design.md.
struct layer_rule {
    names below;           ///< layers it may include
    names boost_anywhere;  ///< Boost libraries it may include
    names boost_inside;    ///< and those that stay its own business: never in what another layer includes
    bool pure;             ///< no clock, no thread, no global randomness
};

const names all_layers = {"base",    "fairness", "retry",   "pacing",   "coordinator", "provider",
                          "json",    "dialect",  "records", "scenario", "sim",         "http",
                          "routing", "request",  "net",     "batch",    "load",        "probe",
                          "server",  "gateway",  "testing", "fleet",    "redis",       "job"};

const std::map<std::string, layer_rule> rules = {
    {"base", {{}, {"system"}, {}, true}},
    {"retry", {{"base"}, {"system"}, {}, true}},
    {"pacing", {{"base"}, {"system"}, {}, true}},
    {"fairness", {{"base"}, {}, {}, true}},
    {"fleet", {{"base", "pacing"}, {"system"}, {}, true}},
    {"coordinator", {{"base", "fairness", "fleet", "pacing", "retry"}, {"system"}, {}, true}},
    {"provider", {{"base"}, {}, {}, true}},
    {"json", {{"base"}, {"system"}, {"json"}, true}},
    {"dialect", {{"base", "json", "pacing", "retry"}, {"system"}, {"json", "url"}, true}},
    {"records", {{"base", "coordinator", "json", "pacing"}, {"system"}, {"json"}, true}},
    {"scenario", {{"base", "json", "provider"}, {"system"}, {"json"}, true}},
    {"sim", {{"base", "coordinator", "pacing", "provider", "retry"}, {"system"}, {}, true}},
    {"http", {{"base", "dialect"}, {"asio", "intrusive", "system"}, {"beast", "url"}, false}},
    {"server", {{"base", "dialect", "http"}, {"asio", "system"}, {"beast"}, false}},
    {"routing", {{"base", "fairness"}, {}, {}, true}},
    {"request", {{"base", "coordinator", "dialect", "pacing", "retry", "routing"}, {"system"}, {}, true}},
    {"redis", {{"base", "dialect", "http"}, {"asio", "system"}, {"url"}, false}},
    {"net",
     {{"base", "coordinator", "dialect", "fleet", "http", "pacing", "redis", "request", "retry", "routing"},
      {"asio", "intrusive", "system"},
      {"url"},
      false}},
    {"gateway",
     {{"base", "coordinator", "dialect", "fairness", "http", "json", "net", "pacing", "retry", "server"},
      {"asio", "system"},
      {},
      false}},
    {"batch",
     {{"base", "coordinator", "dialect", "fleet", "json", "net", "pacing", "retry"},
      {"asio", "system"},
      {"json", "url"},
      false}},
    {"job",
     {{"base", "batch", "coordinator", "dialect", "fleet", "http", "json", "net", "pacing", "redis", "retry"},
      {"asio", "system"},
      {},
      false}},
    {"load",
     {{"base", "coordinator", "dialect", "http", "json", "net", "pacing", "provider", "retry"},
      {"asio", "system"},
      {"histogram", "json"},
      false}},
    {"testing",
     {{"base", "coordinator", "dialect", "http", "net", "pacing", "request", "retry"},
      {"asio", "system"},
      {},
      false}},
    {"probe", {{"base", "coordinator", "pacing"}, {"system"}, {}, true}},
    {"apps", {all_layers, {"asio", "system", "version"}, {"json", "url"}, false}},
    {"bench", {all_layers, {"asio", "system", "version"}, {"json", "url"}, false}},
    // Examples show what users can write: public headers only.
    {"examples", {all_layers, {"asio", "system"}, {}, false}},
};

struct include_line {
    std::string target;
    std::size_t line;
};

std::vector<include_line> includes_of(const source_file& file) {
    static const std::regex pattern(R"re((?:^|\n)[ \t]*#[ \t]*include[ \t]*[<"]([^>"]+)[>"])re");
    const std::string text = strip(file.text, keep::strings);
    std::vector<include_line> found;
    for (auto at = std::sregex_iterator(text.begin(), text.end(), pattern); at != std::sregex_iterator();
         ++at) {
        found.push_back({(*at)[1], line_of(text, static_cast<std::size_t>(at->position(1)))});
    }
    return found;
}

bool is_header(const std::string& path) {
    return path.ends_with(".hpp");
}

bool is_public(const std::string& path) {
    return path.starts_with("lib/include/");
}

std::string folder_at(const std::string& path, std::size_t from) {
    return path.substr(from, path.find('/', from) - from);
}

// "boost/asio/post.hpp" and "boost/asio.hpp" -> "asio".
std::string boost_library(const std::string& target) {
    std::string name = folder_at(target, std::string("boost/").size());
    return name.substr(0, name.find('.'));
}

std::string complaint_about_boost(const source_file& file, const std::string& target,
                                  const std::string& layer) {
    const layer_rule& rule = rules.at(layer);
    std::string library = boost_library(target);
    if (rule.boost_anywhere.contains(library)) return {};
    if (!rule.boost_inside.contains(library)) return layer + " must not include " + target;
    return is_public(file.path) ? target + " in a public header" : std::string();
}

// Headers of lib/src by the name under which they are included, with the Boost libraries that they bring in,
// themselves or through another header, and that only some layers may see.
std::map<std::string, names> confined_headers(const std::vector<source_file>& files,
                                              const header_owners& owners) {
    const std::string sources = "lib/src/";
    std::map<std::string, names> confined;
    for (bool grown = true; grown;) {
        grown = false;
        for (const source_file& file : files) {
            if (!file.path.starts_with(sources) || !is_header(file.path)) continue;
            const auto rule = rules.find(layer_of(file.path, owners));
            if (rule == rules.end()) continue;
            names libraries;
            for (const include_line& include : includes_of(file)) {
                if (const auto brings = confined.find(include.target); brings != confined.end())
                    libraries.insert(brings->second.begin(), brings->second.end());
                if (!include.target.starts_with("boost/")) continue;
                const std::string library = boost_library(include.target);
                if (rule->second.boost_inside.contains(library)) libraries.insert(library);
            }
            if (libraries.empty()) continue;
            names& known = confined[file.path.substr(sources.size())];
            grown |= known.size() < libraries.size();
            known = libraries;
        }
    }
    return confined;
}

bool sees(const layer_rule& rule, const std::string& library) {
    return rule.boost_anywhere.contains(library) || rule.boost_inside.contains(library);
}

// The layer that a quoted or angled include of our own reaches; empty for anything that is not ours.
std::string layer_reached(const std::string& target, const header_owners& owners) {
    if (target.starts_with("stagger/")) {
        auto owner = owners.find(target);
        return owner == owners.end() ? std::string() : owner->second;
    }
    std::string folder = folder_at(target, 0);
    return target.find('/') != target.npos && rules.contains(folder) ? folder : std::string();
}

std::string complaint(const source_file& file, const std::string& target, const std::string& layer,
                      const header_owners& owners, const std::map<std::string, names>& confined) {
    if (target.starts_with("boost/")) return complaint_about_boost(file, target, layer);
    if (target.starts_with("stagger/") && file.path.starts_with("lib/") && !owners.contains(target)) {
        return "no layer's CMakeLists.txt lists " + target;
    }
    std::string reached = layer_reached(target, owners);
    if (reached.empty() || reached == layer) return {};
    if (!rules.at(layer).below.contains(reached))
        return layer + " must not include " + target + " of " + reached;
    if (const auto brings = confined.find(target); brings != confined.end()) {
        for (const std::string& library : brings->second)
            if (!sees(rules.at(layer), library)) return target + " brings in boost/" + library;
    }
    if (layer == "examples" && !target.starts_with("stagger/")) return "examples include public headers only";
    return {};
}

}  // namespace

header_owners owners_of_public_headers(const std::vector<source_file>& cmake_lists) {
    static const std::regex header(R"re(\bstagger/[\w/]+\.hpp)re");
    header_owners owners;
    for (const source_file& file : cmake_lists) {
        std::string layer = folder_at(file.path, std::string("lib/src/").size());
        for (auto at = std::sregex_iterator(file.text.begin(), file.text.end(), header);
             at != std::sregex_iterator(); ++at) {
            owners[at->str()] = layer;
        }
    }
    return owners;
}

std::string layer_of(const std::string& path, const header_owners& owners) {
    const std::string sources = "lib/src/";
    const std::string headers = "lib/include/";
    if (path.starts_with(sources)) return folder_at(path, sources.size());
    if (!path.starts_with(headers)) return folder_at(path, 0);
    auto owner = owners.find(path.substr(headers.size()));
    return owner == owners.end() ? std::string() : owner->second;
}

std::vector<violation> wrong_includes(const std::vector<source_file>& files, const header_owners& owners) {
    const std::map<std::string, names> confined = confined_headers(files, owners);
    std::vector<violation> found;
    for (const source_file& file : files) {
        std::string layer = layer_of(file.path, owners);
        if (!rules.contains(layer)) {
            found.push_back({file.path, 1, "belongs to no known layer"});
            continue;
        }
        for (const include_line& include : includes_of(file)) {
            std::string what = complaint(file, include.target, layer, owners, confined);
            if (!what.empty()) found.push_back({file.path, include.line, what});
        }
    }
    return found;
}

std::vector<violation> banned_words(const std::vector<source_file>& files, const header_owners& owners) {
    static const std::regex banned(
        R"re(boost/(?:asio|beast)|\b\w+_clock\s*::\s*now\b|\brandom_device\b|\bstd\s*::\s*j?thread\b)re");
    std::vector<violation> found;
    for (const source_file& file : files) {
        auto rule = rules.find(layer_of(file.path, owners));
        if (rule == rules.end() || !rule->second.pure) continue;
        const std::string text = strip(file.text, keep::strings);
        for (auto at = std::sregex_iterator(text.begin(), text.end(), banned); at != std::sregex_iterator();
             ++at) {
            found.push_back({file.path, line_of(text, static_cast<std::size_t>(at->position())),
                             at->str() + " in " + rule->first});
        }
    }
    return found;
}

std::vector<violation> beast_spread(const std::vector<source_file>& files) {
    const std::vector<std::string> homes = {"lib/src/http/", "lib/src/server/"};
    std::map<std::string, std::string> first_in_home;
    std::vector<violation> found;
    for (const source_file& file : files) {
        auto home =
            std::ranges::find_if(homes, [&](const std::string& one) { return file.path.starts_with(one); });
        for (const include_line& include : includes_of(file)) {
            if (!include.target.starts_with("boost/beast")) continue;
            if (home == homes.end() || is_header(file.path)) {
                found.push_back(
                    {file.path, include.line, "Beast belongs in one .cpp of http and one of server"});
            } else if (first_in_home.try_emplace(*home, file.path).first->second != file.path) {
                found.push_back(
                    {file.path, include.line, "Beast is already included by " + first_in_home[*home]});
            }
        }
    }
    return found;
}

}  // namespace layers
