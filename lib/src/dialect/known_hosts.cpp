#include "dialect/known_hosts.hpp"

#include <array>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <string>

#include "base/decimal.hpp"
#include "dialect/registry.hpp"

namespace stagger {

namespace wire {

namespace {

template <std::size_t Count>
using variables = std::array<std::string_view, Count>;

constexpr variables<1> of_openai{"OPENAI_API_KEY"};
constexpr variables<1> of_anthropic{"ANTHROPIC_API_KEY"};
constexpr variables<2> of_google{"GEMINI_API_KEY", "GOOGLE_API_KEY"};
constexpr variables<1> of_azure{"AZURE_OPENAI_API_KEY"};
constexpr variables<1> of_bedrock{"AWS_BEARER_TOKEN_BEDROCK"};
constexpr variables<1> of_mistral{"MISTRAL_API_KEY"};
constexpr variables<1> of_groq{"GROQ_API_KEY"};
constexpr variables<1> of_openrouter{"OPENROUTER_API_KEY"};
constexpr variables<1> of_together{"TOGETHER_API_KEY"};
constexpr variables<1> of_deepseek{"DEEPSEEK_API_KEY"};
constexpr variables<1> of_cohere{"CO_API_KEY"};

constexpr std::array hosts{
    known_host{"api.openai.com", dialect::openai_chat, "/v1", of_openai},
    known_host{".api.openai.com", dialect::openai_chat, "/v1", of_openai},
    known_host{"api.anthropic.com", dialect::anthropic_messages, "/v1", of_anthropic},
    known_host{"generativelanguage.googleapis.com", dialect::gemini, "/v1beta/openai", of_google},
    known_host{".openai.azure.com", dialect::openai_chat, "", of_azure},
    known_host{".services.ai.azure.com", dialect::openai_chat, "", of_azure},
    known_host{".cognitiveservices.azure.com", dialect::openai_chat, "", of_azure},
    known_host{".api.aws", dialect::openai_chat, "/openai/v1", of_bedrock},
    known_host{".amazonaws.com", dialect::openai_chat, "/openai/v1", of_bedrock},
    known_host{"api.mistral.ai", dialect::openai_chat, "/v1", of_mistral},
    known_host{"api.groq.com", dialect::openai_chat, "/openai/v1", of_groq},
    known_host{"openrouter.ai", dialect::openai_chat, "/api/v1", of_openrouter},
    known_host{"api.together.xyz", dialect::openai_chat, "/v1", of_together},
    known_host{"api.together.ai", dialect::openai_chat, "/v1", of_together},
    known_host{"api.deepseek.com", dialect::openai_chat, "", of_deepseek},
    known_host{"api.cohere.com", dialect::openai_chat, "/compatibility/v1", of_cohere},
    known_host{"api.cohere.ai", dialect::openai_chat, "/compatibility/v1", of_cohere},
};

bool is_named(std::string_view host, std::string_view name) {
    if (!name.starts_with('.')) return equal_ignoring_case(host, name);
    return host.size() > name.size() && equal_ignoring_case(host.substr(host.size() - name.size()), name);
}

struct url_parts {
    std::string host;
    std::string path;
};

url_parts parts_of_url(std::string_view url) {
    const auto parsed = boost::urls::parse_uri(url);
    if (!parsed) return {};
    url_parts parts{parsed->host_address(), std::string(parsed->encoded_path())};
    while (parts.path.ends_with('/')) parts.path.pop_back();
    return parts;
}

/// Several providers offer Anthropic's operations beside OpenAI's, below a folder.
bool is_anthropic_folder(std::string_view path) {
    if (path.ends_with("/v1")) path.remove_suffix(3);
    return path.ends_with("/anthropic");
}

}  // namespace

const known_host* find_known_host(std::string_view host) {
    // A dot at its end makes a name absolute.
    if (host.ends_with('.')) host.remove_suffix(1);
    for (const known_host& one : hosts) {
        if (is_named(host, one.name)) return &one;
    }
    return nullptr;
}

std::span<const std::string_view> key_variables_for(std::string_view host, dialect spoken) {
    const known_host* const known = find_known_host(host);
    return known ? known->key_variables : implementation_of(spoken).key_variables();
}

std::span<const std::string_view> key_variables_for_url(std::string_view base_url, dialect spoken) {
    return key_variables_for(parts_of_url(base_url).host, spoken);
}

}  // namespace wire

dialect dialect_of_url(std::string_view base_url) {
    const wire::url_parts parts = wire::parts_of_url(base_url);
    if (const auto named = wire::dialect_of_path(parts.path)) return *named;
    if (wire::is_anthropic_folder(parts.path)) return dialect::anthropic_messages;
    const wire::known_host* const known = wire::find_known_host(parts.host);
    if (!known) return dialect::openai_chat;
    // What Google offers in OpenAI's words.
    const bool compatible = known->spoken == dialect::gemini && parts.path.ends_with("/openai");
    return compatible ? dialect::openai_chat : known->spoken;
}

}  // namespace stagger
