#include "dialect/azure.hpp"

#include <algorithm>
#include <array>

#include "base/decimal.hpp"

namespace stagger::wire {

namespace {

constexpr std::array<std::string_view, 3> azure_domains{".openai.azure.com", ".services.ai.azure.com",
                                                        ".cognitiveservices.azure.com"};

bool ends_without_case(std::string_view text, std::string_view ending) {
    return text.size() >= ending.size() &&
           equal_ignoring_case(text.substr(text.size() - ending.size()), ending);
}

bool has_api_version(std::string_view query) {
    constexpr std::string_view name = "api-version=";
    return query.starts_with(name) || query.find(std::string("&").append(name)) != std::string_view::npos;
}

bool is_json_web_token(std::string_view key) {
    return key.starts_with("eyJ") && std::count(key.begin(), key.end(), '.') == 2;
}

}  // namespace

bool is_azure_host(std::string_view host) {
    return std::any_of(azure_domains.begin(), azure_domains.end(),
                       [&](std::string_view domain) { return ends_without_case(host, domain); });
}

std::string azure_root(std::string_view path, std::string_view query) {
    if (!path.empty() && path != "/openai") return std::string(path);
    return has_api_version(query) ? "/openai" : "/openai/v1";
}

bool azure_names_deployment(const api_dialect& spoken, std::string_view root, std::string_view query) {
    return root == "/openai" && has_api_version(query) && spoken.value() != dialect::openai_responses;
}

void add_azure_authorization(std::vector<field>& fields, std::string_view key) {
    if (is_json_web_token(key)) {
        fields.push_back({"Authorization", "Bearer " + std::string(key)});
    } else {
        fields.push_back({"api-key", std::string(key)});
    }
}

}  // namespace stagger::wire
