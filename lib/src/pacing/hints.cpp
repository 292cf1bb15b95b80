#include "stagger/hints.hpp"

#include <limits>
#include <stdexcept>
#include <string>

namespace stagger {

namespace {

bool is_amount(double value) {
    return value >= 0 && value <= std::numeric_limits<double>::max();
}

}  // namespace

void cost::validate() const {
    // Asked for every request, and nearly always true of all four.
    if (is_amount(requests) && is_amount(tokens) && is_amount(prompt_tokens) && is_amount(open_answers))
        return;
    const auto check = [](const char* name, double value) {
        if (is_amount(value)) return;
        throw std::invalid_argument(std::string("cost::") + name + ": must be a finite number >= 0, is " +
                                    std::to_string(value));
    };
    check("requests", requests);
    check("tokens", tokens);
    check("prompt_tokens", prompt_tokens);
    check("open_answers", open_answers);
}

}  // namespace stagger
