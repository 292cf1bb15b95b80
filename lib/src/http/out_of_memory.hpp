#pragma once

#include <boost/system/errc.hpp>
#include <new>

#include "stagger/error.hpp"

namespace stagger {

/// What becomes of a request that runs into std::bad_alloc after the call that began it: whoever runs the
/// context is not to be thrown at for it.
inline error_code out_of_memory() {
    return make_error_code(boost::system::errc::not_enough_memory);
}

/// What has to succeed, or somebody waits for ever: tried once more, since an ending has set memory free.
template <class Step>
auto at_second_try(Step step) {
    try {
        return step();
    } catch (const std::bad_alloc&) {
        return step();
    }
}

}  // namespace stagger
