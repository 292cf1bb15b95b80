#include "cli/core_dumps.hpp"

#include <sys/resource.h>

namespace app {
namespace {

/// @returns whether the limit is that now
bool set_limit(rlim_t bytes, rlim_t* before) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_CORE, &limit) != 0) return false;
    if (before) *before = limit.rlim_cur;
    limit.rlim_cur = bytes;
    return ::setrlimit(RLIMIT_CORE, &limit) == 0;
}

}  // namespace

no_core_dumps::no_core_dumps() : before_(0), changed_(set_limit(0, &before_)) {}

void no_core_dumps::allow() {
    if (changed_) set_limit(before_, nullptr);
    changed_ = false;
}

}  // namespace app
