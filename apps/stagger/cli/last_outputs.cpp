#include "last_outputs.hpp"

#include "exit_code.hpp"

namespace app {

void last_outputs::write(const std::function<void()>& one) {
    try {
        one();
    } catch (const failure& why) {
        out_.error(why.what());
        failed_ = true;
    }
}

}  // namespace app
