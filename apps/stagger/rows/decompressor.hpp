#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace app {

/** Unpacks what was compressed, piece by piece, in bounded memory.
 *
 * Several packed parts one behind the other are read as one, as the programs that pack do.
 */
class decompressor {
 public:
    virtual ~decompressor() = default;

    struct progress {
        std::size_t used = 0;  ///< of `packed`
        std::size_t made = 0;  ///< in `room`
    };
    /// Unpacks into `room` what fits there.
    /// @throws std::runtime_error where it is damaged
    virtual progress unpack(std::string_view packed, std::span<char> room) = 0;
    /// Whether the input may end here.
    virtual bool at_end() const = 0;
};

/// Bytes that have to be there before `decompressor_for` can tell.
inline constexpr std::size_t magic_bytes = 4;

/// By how the input begins: gzip or Zstandard. Null: it is neither.
std::unique_ptr<decompressor> decompressor_for(std::string_view beginning);

/// What a name says a file is packed with: "gzip", "zstd" or nothing.
std::string_view packing_by_name(std::string_view path);

}  // namespace app
