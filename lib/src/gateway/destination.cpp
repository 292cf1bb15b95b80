#include "gateway/destination.hpp"

#include <algorithm>
#include <array>

namespace stagger::gateway {

namespace {

constexpr std::array<std::string_view, 3> prefixes = {"/v1", "/openai/v1", "/anthropic/v1"};

// What the APIs call their resources. Without a prefix nothing else is taken for one, so that a page that a
// browser asks for is no call.
constexpr std::array<std::string_view, 18> resources = {
    "assistants", "audio",  "batches",     "chat",    "complete", "completions",
    "embeddings", "files",  "fine_tuning", "images",  "llm",      "messages",
    "models",     "rerank", "responses",   "threads", "uploads",  "moderations"};

std::string_view first_segment(std::string_view path) {
    path.remove_prefix(path.starts_with('/') ? 1 : 0);
    return path.substr(0, path.find_first_of("/?"));
}

/// A path that an upstream could read as another one.
bool climbs(std::string_view target) {
    const std::string_view path = target.substr(0, target.find('?'));
    for (std::size_t at = 0; at < path.size();) {
        const std::size_t end = std::min(path.find('/', at), path.size());
        const std::string_view segment = path.substr(at, end - at);
        if (segment == "." || segment == "..") return true;
        at = end + 1;
    }
    return path.find("%2e") != path.npos || path.find("%2E") != path.npos;
}

/// What follows the prefix; nothing if it is no path of the API.
std::string_view resource_of(std::string_view target) {
    for (const std::string_view prefix : prefixes) {
        if (!target.starts_with(prefix)) continue;
        const std::string_view rest = target.substr(prefix.size());
        if (rest.starts_with('/')) return rest;
    }
    return std::ranges::count(resources, first_segment(target)) > 0 ? target : std::string_view();
}

api_shape shape_of(std::string_view target, std::string_view resource) {
    const bool is_theirs = first_segment(resource) == "messages" || target.starts_with("/anthropic/");
    return is_theirs ? api_shape::anthropic : api_shape::openai;
}

passage passage_of(std::string_view method) {
    if (method == "POST") return passage::in_line;
    const bool passes = method == "GET" || method == "DELETE";
    return passes ? passage::at_once : passage::wrong_method;
}

}  // namespace

destination find_destination(std::string_view method, std::string_view target, bool wants_upgrade,
                             std::string_view upstream_path) {
    destination found;
    if (!target.starts_with('/') || climbs(target)) return found;
    const std::string_view resource = resource_of(target);
    if (resource.empty()) return found;
    found.shape = shape_of(target, resource);
    found.target.append(upstream_path).append(resource);
    found.how = wants_upgrade ? passage::upgrade : passage_of(method);
    return found;
}

}  // namespace stagger::gateway
