#pragma once

#include <string>
#include <string_view>

#include "dialect/api_dialect.hpp"

/// Where requests go: a base URL joined with what is asked for.
namespace stagger::wire {

/// A path without the slashes at its end.
std::string_view without_trailing_slashes(std::string_view path);

/// Whether requests for each model have a target of their own.
bool has_target_by_model(const encoding_context& context, const api_dialect& spoken);
/// Path and query of a request; the base URL's query is sent behind the operation's own.
std::string target_of(const encoding_context& context, const api_dialect& spoken, std::string_view model,
                      delivery how);
/// The same of any operation, by its path below the API's root, which may have a query.
std::string target_of_path(const encoding_context& context, const api_dialect& spoken, std::string_view path);

/// What is wrong with such a path; empty where nothing is.
std::string broken_path(std::string_view path);

}  // namespace stagger::wire
