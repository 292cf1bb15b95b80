#include "gateway/status_page.hpp"

#include <openssl/evp.h>

#include <array>
#include <tuple>

#include "http/sha256.hpp"

namespace stagger::gateway {

namespace embedded {
extern const std::string_view status_page_html;
}

namespace {

/// What stands in an element; empty where there is none.
std::string_view content_of(std::string_view page, const std::string& element) {
    const std::string open = "<" + element + ">";
    const auto begin = page.find(open);
    if (begin == page.npos) return {};
    const std::string_view from = page.substr(begin + open.size());
    return from.substr(0, from.find("</" + element + ">"));
}

/// "'sha256-...'", or 'none' for nothing.
std::string source_of(std::string_view content) {
    if (content.empty()) return "'none'";
    const sha256_digest hash = sha256_of(content);
    std::array<unsigned char, 4 * ((std::tuple_size_v<sha256_digest> + 2) / 3) + 1> text{};
    EVP_EncodeBlock(text.data(), hash.data(), static_cast<int>(hash.size()));
    return "'sha256-" + std::string(text.begin(), text.end() - 1) + "'";
}

}  // namespace

std::string_view status_page() {
    return embedded::status_page_html;
}

std::string policy_of_page(std::string_view page) {
    return "default-src 'none'; connect-src 'self'; img-src data:; script-src " +
           source_of(content_of(page, "script")) + "; style-src " + source_of(content_of(page, "style")) +
           "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
}

}  // namespace stagger::gateway
