#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace stagger::fuzz {

/// The bytes of one run, taken from the front: choices first, then what is read. Past the end there are
/// zeros.
class fuzz_input {
 public:
    explicit fuzz_input(std::string_view bytes) : left_(bytes) {}

    bool empty() const { return left_.empty(); }
    std::uint8_t byte() { return left_.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(take(1)[0]); }
    /// Of so many bytes, the highest first.
    std::uint64_t whole(unsigned bytes) {
        std::uint64_t value = 0;
        while (bytes-- > 0) value = value << 8 | byte();
        return value;
    }
    /// Any double: infinite, or no number, too.
    double real() {
        const std::uint64_t bits = whole(8);
        double value = 0;
        std::memcpy(&value, &bits, sizeof value);
        return value;
    }
    std::string_view take(std::size_t count) {
        const std::string_view taken = left_.substr(0, count);
        left_.remove_prefix(taken.size());
        return taken;
    }
    /// Up to a line feed, which is taken, too, and left out.
    std::string_view line() {
        const std::string_view taken = take(std::min(left_.find('\n'), left_.size()));
        take(1);
        return taken;
    }
    std::string_view rest() { return take(left_.size()); }

 private:
    std::string_view left_;
};

}  // namespace stagger::fuzz
