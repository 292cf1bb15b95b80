#pragma once

#include <string>
#include <string_view>

namespace stagger::gateway {

/// What a browser shows of a gateway: it asks for /-/status.json, and for nothing else.
std::string_view status_page();

/** @brief A Content-Security-Policy that lets a page run the script and the style that it holds, and no
 * others.
 *
 * It may ask where it comes from, and nobody else.
 * @param page with one `<script>` and one `<style>` at most
 */
std::string policy_of_page(std::string_view page);

}  // namespace stagger::gateway
