#include "stagger/dialect.hpp"

namespace stagger {

std::string_view to_string(dialect value) {
    switch (value) {
        case dialect::openai_chat:
            return "openai-chat";
        case dialect::openai_completions:
            return "openai-completions";
        case dialect::llm_engine:
            return "llm-engine";
    }
    return "unknown";
}

std::optional<dialect> parse_dialect(std::string_view name) {
    for (const auto value : {dialect::openai_chat, dialect::openai_completions, dialect::llm_engine}) {
        if (name == to_string(value)) return value;
    }
    return std::nullopt;
}

}  // namespace stagger
