#pragma once

#include <unistd.h>

#include <cstddef>
#include <fstream>

/// Memory of this process that is in the machine's memory now.
inline std::size_t resident_bytes() {
    std::size_t all = 0;
    std::size_t resident = 0;
    std::ifstream("/proc/self/statm") >> all >> resident;
    return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}
