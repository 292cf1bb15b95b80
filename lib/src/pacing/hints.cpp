#include "stagger/hints.hpp"

#include <cmath>
#include <stdexcept>
#include <string>

namespace stagger {

void cost::validate() const {
    const auto check = [](const char* name, double value) {
        if (value >= 0 && std::isfinite(value)) return;
        throw std::invalid_argument(std::string("cost::") + name + ": must be a finite number >= 0, is " +
                                    std::to_string(value));
    };
    check("requests", requests);
    check("tokens", tokens);
    check("prompt_tokens", prompt_tokens);
    check("open_answers", open_answers);
}

}  // namespace stagger
