#pragma once

#include <unistd.h>

#include <string_view>

#include "batch/file_handle.hpp"

namespace stagger::batch {

/// Writes to a file that blocks, by one call where the system takes it whole.
inline boost::system::error_code write_all(int file, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto written = ::write(file, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return system_failure();
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

}  // namespace stagger::batch
