#pragma once

#include <unistd.h>

#include <string_view>

#include "batch/file_handle.hpp"

namespace stagger::batch {

/// Writes to a file that blocks, by one call where the system takes it whole.
/// @param written bytes that the system took, also where the rest failed
inline boost::system::error_code write_all(int file, std::string_view bytes, std::size_t& written) {
    for (written = 0; written < bytes.size();) {
        const auto taken = ::write(file, bytes.data() + written, bytes.size() - written);
        if (taken < 0 && errno == EINTR) continue;
        if (taken < 0) return system_failure();
        written += static_cast<std::size_t>(taken);
    }
    return {};
}

inline boost::system::error_code write_all(int file, std::string_view bytes) {
    std::size_t written = 0;
    return write_all(file, bytes, written);
}

}  // namespace stagger::batch
