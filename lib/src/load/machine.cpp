#include "load/machine.hpp"

#include <sys/utsname.h>

#include <array>
#include <ctime>
#include <fstream>
#include <thread>

namespace stagger::load {

namespace {

constexpr auto unknown = "unknown";

std::string system_name() {
    utsname system{};
    if (::uname(&system) != 0) return unknown;
    return std::string(system.sysname) + ' ' + system.release + ' ' + system.machine;
}

std::string processor_name() {
    std::ifstream processors("/proc/cpuinfo");
    for (std::string line; std::getline(processors, line);) {
        const auto colon = line.find(": ");
        if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
    }
    return unknown;
}

}  // namespace

machine_description describe_machine() {
    machine_description found;
    found.system = system_name();
    found.cpu = processor_name();
    found.cores = std::thread::hardware_concurrency();
#if defined(__clang__)
    found.compiler = "clang " __clang_version__;
#elif defined(__GNUC__)
    found.compiler = "g++ " __VERSION__;
#else
    found.compiler = unknown;
#endif
    return found;
}

std::string utc_now() {
    const std::time_t now = std::time(nullptr);
    std::tm utc{};
    ::gmtime_r(&now, &utc);
    std::array<char, sizeof "2026-11-24T19:10:00Z"> text{};
    const auto length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
    return {text.data(), length};
}

}  // namespace stagger::load
