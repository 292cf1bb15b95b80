#include "throttled_server/api_voice.hpp"

namespace stagger::server {

const api_voice& voice_of(dialect spoken) {
    switch (spoken) {
        case dialect::openai_chat:
        case dialect::openai_completions:
            return openai_voice();
        case dialect::llm_engine:
            return engine_voice();
        case dialect::openai_responses:
            return responses_voice();
        case dialect::openai_embeddings:
            return embeddings_voice();
        case dialect::anthropic_messages:
            return messages_voice();
        case dialect::gemini:
            return gemini_voice();
    }
    return openai_voice();
}

}  // namespace stagger::server
