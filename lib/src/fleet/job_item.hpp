#pragma once

#include <string>

namespace stagger::fleet {

/// One prompt of a job, or its answer, as the store carries it.
struct job_item {
    std::string key;   ///< the same in every run for the same prompt and parameters
    std::string text;  ///< nobody's business here
};

/// What has become of a job, as its feeder wrote it down.
enum class job_state {
    absent,  ///< nobody has fed it yet, or the store lost it
    open,
    done,  ///< every prompt has its result
};

}  // namespace stagger::fleet
