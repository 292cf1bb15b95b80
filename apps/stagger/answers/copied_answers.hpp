#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>

#include "answer_store.hpp"
#include "batch/transport.hpp"
#include "dialect/dialect.hpp"

namespace app {

/// What was not asked, since its answer was there.
struct copy_counts {
    std::size_t duplicates = 0;  ///< the same was asked in this run
    std::size_t cached = 0;      ///< in an earlier one, or by another process
    std::uint64_t tokens = 0;    ///< that their answers took when they were made
};

/** Sends what is the same, byte for byte and to the same endpoint, once: the others wait for its answer and
 * get a copy, which has no attempts and no tokens. Where it fails, the next one is sent.
 *
 * On the transport's serial executor only.
 */
class copied_answers : public std::enable_shared_from_this<copied_answers> {
 public:
    using handler = stagger::batch::transport::handler;

    /// @param endpoint tells servers apart
    copied_answers(stagger::batch::transport through, std::unique_ptr<answer_store> store,
                   std::string endpoint, stagger::wire::encoding_context encoding);

    /// The same transport, without what was asked before.
    stagger::batch::transport transport();
    const copy_counts& counts() const { return counts_; }
    const answer_store& store() const { return *store_; }

 private:
    struct waiting {
        stagger::completion_request request;
        handler done;
    };

    void send(stagger::completion_request request, handler done);
    void ask(const std::string& key, stagger::completion_request request, handler done);
    void answered(const std::string& key, handler done, stagger::error_code error,
                  stagger::completion answer);
    void copy_to(handler done, const stored_answer& found);

    stagger::batch::transport through_;
    std::unique_ptr<answer_store> store_;
    std::string endpoint_;
    stagger::wire::encoding_context encoding_;
    std::unordered_map<std::string, std::deque<waiting>> in_flight_;  // by key: who waits for it
    copy_counts counts_;
};

/// What tells requests apart: SHA-256 of all that is sent, but for the key to the account.
std::string request_key(const std::string& endpoint, const stagger::wire::encoded_request& request);

}  // namespace app
