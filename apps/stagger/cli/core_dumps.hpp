#pragma once

namespace app {

/** @brief Keeps the memory of this process, and with it keys and prompts, out of core files, as long as it is
 * there.
 *
 * The soft limit of RLIMIT_CORE is 0 meanwhile; `allow` sets it back to what it was. Children inherit it. A
 * question of the program: the library never changes its process.
 */
class no_core_dumps {
 public:
    no_core_dumps();
    void allow();

 private:
    unsigned long before_;
    bool changed_;
};

}  // namespace app
