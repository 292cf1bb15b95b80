#pragma once

#include <string>
#include <string_view>

#include "dialect/api_dialect.hpp"

/// Azure, which offers OpenAI's operations by paths and keys of its own.
namespace stagger::wire {

bool is_azure_host(std::string_view host);

/** @brief The path of the API at Azure.
 *
 * With an `api-version` in the query it is the older one, of deployments, else v1. What a base URL says of
 * its own stays.
 * @param path of the base URL, without an operation or a slash at its end
 */
std::string azure_root(std::string_view path, std::string_view query);

/// Whether the path of a request names the deployment although the base URL does not: the older API, but for
/// operations that name the model in their body.
bool azure_names_deployment(const api_dialect& spoken, std::string_view root, std::string_view query);

/// A key, or a token of Entra's, which is a JSON Web Token.
void add_azure_authorization(std::vector<field>& fields, std::string_view key);

}  // namespace stagger::wire
