#pragma once

#include <string>

#include "sending/send_options.hpp"

namespace app {

/// What to say where the plan sends a key that everybody on the way can read: over plain HTTP to another host
/// than this one. Else empty. A base URL that cannot be read is somebody else's to refuse.
std::string cleartext_key_warning(const send_plan& plan);

}  // namespace app
