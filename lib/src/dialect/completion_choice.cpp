#include "stagger/completion_choice.hpp"

#include "dialect/registry.hpp"
#include "json/json_document.hpp"

namespace stagger {

std::vector<completion_choice> choices_of(const completion& answer) {
    const wire::json_document document(answer.raw);
    if (const auto* object = document.object()) {
        // The shape tells: a completion does not know by which dialect it was read.
        for (const wire::registered_dialect& one : wire::registered_dialects()) {
            auto found = one.implementation().read_choices(*object, answer.raw);
            if (!found.empty()) return found;
        }
    }
    return {{answer.text, answer.finish_reason, answer.tool_calls}};
}

}  // namespace stagger
