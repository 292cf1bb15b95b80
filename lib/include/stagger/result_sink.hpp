#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "stagger/batch.hpp"
#include "stagger/error.hpp"

namespace stagger {

/** @brief Where a batch puts its results, one at a time.
 *
 * `write` is never called again before the previous call has ended; the next result is taken from the batch
 * after it, so a slow sink slows the batch down and does not fill the memory.
 */
class result_sink {
 public:
    virtual ~result_sink() = default;
    /// @return what keeps it from taking this result or any further one
    virtual boost::asio::awaitable<error_code> write(batch_result result) = 0;
    /// After the last result.
    virtual boost::asio::awaitable<error_code> finish() { co_return error_code(); }
};

/// Appends to a vector, which must outlive the sink.
std::unique_ptr<result_sink> results_into(std::vector<batch_result>& all);
/// Calls a function with each. @throws std::invalid_argument if it is empty
std::unique_ptr<result_sink> results_into(std::function<void(batch_result)> use);
/** @brief Writes lines of the OpenAI Batch form to a new file, or to standard output ("-").
 *
 * A file that exists is overwritten, unless another batch is writing it.
 *
 * @param problem why nothing is returned
 */
std::unique_ptr<result_sink> results_into_file(const boost::asio::any_io_executor& executor,
                                               const std::string& path, std::string& problem);

/** @brief Gives every result of a batch to a sink.
 *
 * @par Errors
 * What the sink could not do, and the batch is cancelled then; else what the source could not read any
 * further. What the sink throws leaves the coroutine, and the batch is cancelled.
 * @par Object lifetimes
 * The sink must outlive the coroutine.
 */
boost::asio::awaitable<error_code> deliver(batch_results results, result_sink& sink);

}  // namespace stagger
