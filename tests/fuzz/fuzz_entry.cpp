#include <cstddef>
#include <cstdint>

#include "fuzz/targets.hpp"

// What libFuzzer calls; FUZZ_TARGET is the target's function.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    stagger::fuzz::FUZZ_TARGET({reinterpret_cast<const char*>(data), size});
    return 0;
}
