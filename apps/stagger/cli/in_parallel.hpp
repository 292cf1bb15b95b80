#pragma once

#include <cstddef>
#include <functional>

namespace app {

/** @brief Calls `work(0)` to `work(count - 1)`, on as many threads as there are processors.
 *
 * Each index once, begun in their order; returns when every call has. After an exception no further call
 * begins, and the first one is thrown again here.
 *
 * @param work is called by several threads at a time
 */
void in_parallel(std::size_t count, const std::function<void(std::size_t)>& work);

}  // namespace app
