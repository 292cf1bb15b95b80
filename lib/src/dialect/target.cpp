#include "dialect/target.hpp"

#include <algorithm>
#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>

#include "dialect/azure.hpp"
#include "dialect/known_hosts.hpp"

namespace stagger::wire {

namespace {

bool is_at_azure(const encoding_context& context, const api_dialect& spoken) {
    return spoken.is_at_azure() && is_azure_host(context.host);
}

/// A known host's own path stands in for one that is missing, where the dialect is the one that it is for.
std::string_view path_of_host(const encoding_context& context, const api_dialect& spoken) {
    if (!spoken.version().empty()) return {};
    const known_host* const known = find_known_host(context.host);
    return known ? known->base_path : std::string_view();
}

std::string root_of(const encoding_context& context, const api_dialect& spoken) {
    const auto base =
        without_trailing_slashes(spoken.without_operation(without_trailing_slashes(context.base_path)));
    if (is_at_azure(context, spoken)) return azure_root(base, context.base_query);
    if (base.empty()) {
        if (const auto own = path_of_host(context, spoken); !own.empty()) return std::string(own);
    }
    std::string root(base);
    if (!spoken.has_version(root)) root += spoken.version();
    return root;
}

std::string with_query(std::string target, std::string_view query) {
    if (query.empty()) return target;
    target += target.find('?') == std::string::npos ? '?' : '&';
    return target.append(query);
}

}  // namespace

std::string_view without_trailing_slashes(std::string_view path) {
    while (path.ends_with('/')) path.remove_suffix(1);
    return path;
}

bool has_target_by_model(const encoding_context& context, const api_dialect& spoken) {
    if (spoken.names_model_in_target()) return true;
    return is_at_azure(context, spoken) &&
           azure_names_deployment(spoken, root_of(context, spoken), context.base_query);
}

std::string target_of(const encoding_context& context, const api_dialect& spoken, std::string_view model,
                      delivery how) {
    namespace urls = boost::urls;
    std::string target = root_of(context, spoken);
    if (!spoken.names_model_in_target() && has_target_by_model(context, spoken)) {
        target += "/deployments/";
        target += urls::encode(model, urls::unreserved_chars);
    }
    return with_query(target + spoken.operation(model, how), context.base_query);
}

std::string target_of_path(const encoding_context& context, const api_dialect& spoken,
                           std::string_view path) {
    while (path.starts_with('/')) path.remove_prefix(1);
    return with_query(root_of(context, spoken).append("/").append(path), context.base_query);
}

std::string broken_path(std::string_view path) {
    const auto in_order = [](char c) { return c > 0x20 && c < 0x7f && c != '#' && c != '\\'; };
    if (path.find_first_not_of('/') == std::string_view::npos) return "path: must not be empty";
    if (!std::all_of(path.begin(), path.end(), in_order))
        return "path: must be printable ASCII without blanks and #";
    return path.find("://") == std::string_view::npos ? "" : "path: must be below the base URL";
}

}  // namespace stagger::wire
