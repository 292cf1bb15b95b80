#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "base/utf8.hpp"

namespace stagger::fuzz {

/// What should hold for every input does not hold for this one.
class broken_property : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// @param about what to show beside the property's name
inline void require(bool holds, const char* property, std::string_view about = {}) {
    if (holds) return;
    throw broken_property(about.empty() ? std::string(property) : property + (": " + std::string(about)));
}

/// Text that may be shown: UTF-8, in one line.
inline void require_readable(std::string_view text) {
    require(!wire::invalid_utf8_at(text), "it is UTF-8", text);
    for (const unsigned char each : text)
        require(each >= 0x20 && each != 0x7f, "it has no control character", text);
}

}  // namespace stagger::fuzz
