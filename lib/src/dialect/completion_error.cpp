#include "stagger/completion_error.hpp"

#include <string>
#include <utility>

namespace stagger {

namespace {

boost::system::system_error described(error_code why, const std::string& message) {
    // Where nobody said more than the code does, it is not said twice.
    if (message.empty() || message == why.message()) return boost::system::system_error(why);
    return {why, message};
}

}  // namespace

completion_error::completion_error(error_code why, diagnostic info)
    : boost::system::system_error(described(why, info.message)),
      info_(std::make_shared<const diagnostic>(std::move(info))) {}

}  // namespace stagger
