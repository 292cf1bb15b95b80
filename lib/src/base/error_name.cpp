#include "base/error_name.hpp"

namespace stagger::wire {

std::string error_name(error_code error) {
    if (error.category() == stagger_category())
        return std::string(to_string(static_cast<errc>(error.value())));
    return std::string(error.category().name()) + ':' + std::to_string(error.value());
}

}  // namespace stagger::wire
