#pragma once

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "stagger/client.hpp"
#include "stagger/prompt_source.hpp"

namespace stagger {

namespace batch {
class engine;
class engine_handle;
}  // namespace batch

/// How one prompt of a batch ended.
struct batch_result {
    std::string custom_id;
    std::size_t position = 0;  ///< from 1, as the source counted
    std::uint64_t hash = 0;    ///< of the prompt, as the source gave it
    error_code
        error;  ///< as `client::async_complete` gives it; errc::invalid_request for an unreadable prompt
    completion answer;  ///< `answer.info` tells of failures too
};

/// Options of `submit`. Setters chain.
class batch_options {
 public:
    /** @brief Prompts taken up and not yet handed out as results, at most: what bounds the memory of a batch.
     *
     * 0 (default): twice what the client's gate lets be in flight, so that tasks that wait for a further
     * attempt do not keep the server idle. Those of a model or key that is refused as a whole wait beside
     * them then, up to twenty times as many.
     */
    batch_options& window(std::size_t prompts) { return window_ = prompts, *this; }
    std::size_t window() const { return window_; }

    /** @brief Results in the order of the prompts, whatever the order in which they end.
     *
     * A result waits for those of the prompts before it. `prompts` is how far the newest prompt that is taken
     * up may be ahead of the oldest one without a result, and so how many results can be kept waiting: about
     * the rate times the longest time that one prompt may take, lest a slow one hold up all the others.
     * 0 (default): results come as they end.
     */
    batch_options& ordered(std::size_t prompts) { return ordered_ = prompts, *this; }
    std::size_t ordered() const { return ordered_; }

 private:
    std::size_t window_ = 0;
    std::size_t ordered_ = 0;
};

/** @brief The results of a batch as an asynchronous range, in the order in which they arrive or, with
 * `batch_options::ordered`, in that of the prompts.
 *
 * Destroying it cancels what is outstanding. It may outlive the execution context: then, and once it was
 * moved from, `async_next`, `taken_up` and `thrown` throw std::logic_error, and the other members do nothing.
 *
 * @par Thread safety
 * Safe: any thread may call any member, but only one `async_next` may be outstanding.
 */
class batch_results {
 public:
    using next_signature = void(error_code, std::optional<batch_result>);

    explicit batch_results(std::shared_ptr<batch::engine> engine);
    batch_results(batch_results&&) noexcept;
    batch_results& operator=(batch_results&&) noexcept;
    ~batch_results();

    /** @brief The next result; nothing after the last one.
     *
     * @par Handler signature
     * `void(error_code, std::optional<batch_result>)`. A failed prompt is a result, not an error.
     * @par Executor
     * The handler's associated executor, else the client's. Never inline.
     * @par Per-operation cancellation
     * All types, without side effect: no result is lost. Ends with errc::cancelled.
     * @par Errors
     * errc::cancelled; errc::invalid_request if another `async_next` is outstanding; what the source could
     * not read any further, after the results of everything before: its error, the code of a system_error
     * that it threw, or errc::callback_threw after any other exception, which `thrown` has.
     */
    template <boost::asio::completion_token_for<next_signature> CompletionToken = boost::asio::deferred_t>
    auto async_next(CompletionToken&& token = CompletionToken()) {
        return boost::asio::async_initiate<CompletionToken, next_signature>(initiate_next{handle_}, token);
    }

    /// Takes up no further prompt. Results go on until everything taken up has ended.
    void drain();
    /// Takes up no further prompt and cancels everything taken up; the results end with errc::cancelled.
    void cancel();
    /// Prompts taken from the source until now.
    std::size_t taken_up() const;
    /// What the source threw, which ends the batch; null: nothing, or not yet.
    std::exception_ptr thrown() const;

 private:
    struct initiate_next {
        std::shared_ptr<batch::engine_handle> target;
        template <class Handler>
        void operator()(Handler&& handler) const {
            batch_results::start_next(target, std::forward<Handler>(handler));
        }
    };
    static void start_next(const std::shared_ptr<batch::engine_handle>& target,
                           boost::asio::any_completion_handler<next_signature> handler);

    std::shared_ptr<batch::engine_handle> handle_;
};

/** @brief Sends every prompt of a source through a client.
 *
 * A prompt is taken from the source only when there is room for it, and never more than `window` of them
 * exist at once, so a batch of any length needs the same memory; a consumer that stops asking stops the
 * batch. Work begins with the call.
 *
 * @par Object lifetimes
 * The results keep the source and the client's state alive.
 * @throws std::invalid_argument if there is no source; std::logic_error as the client's members do
 */
batch_results submit(client target, std::unique_ptr<prompt_source> source, const batch_options& options = {});
/// @copydoc submit
batch_results submit(client target, std::vector<completion_request> requests,
                     const batch_options& options = {});
/// @copydoc submit
batch_results submit(client target, std::vector<std::string> prompts, const batch_options& options = {});

}  // namespace stagger
