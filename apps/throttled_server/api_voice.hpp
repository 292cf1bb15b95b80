#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stagger/time.hpp"
#include "throttled_server/call.hpp"
#include "throttled_server/streamed_answer.hpp"

namespace stagger::server {

/// What a request is refused with.
struct told_error {
    unsigned status = 400;  ///< as HTTP's, also where it stands inside an answer
    std::string_view message;
    std::string_view member = {};              ///< of the request that is wrong, or empty
    std::optional<duration> retry_after = {};  ///< for APIs that tell it in the body
    bool quota = false;                        ///< the account has nothing left, until a day or a month ends
    std::string_view request_id = {};
    std::int64_t unix_now = 0;
};

/** @brief How one API is spoken from the server's side: what its requests mean, and the shapes of its
 * answers.
 *
 * Texts in, texts out; an object of it has no state.
 */
class api_voice {
 public:
    virtual ~api_voice() = default;

    /// @param read has what a scenario says where the body says nothing
    virtual std::optional<call_problem> read(const boost::json::object& body, std::string_view target,
                                             call& read) const = 0;
    /// The whole answer: the same whenever the same is asked.
    virtual std::string whole(const call& asked, std::string_view request_id,
                              std::int64_t unix_now) const = 0;
    /// The same as an event stream, its pieces due over the service time.
    virtual std::vector<stream_part> streamed(const call& asked, std::string_view request_id,
                                              std::int64_t unix_now) const = 0;
    /// The body of an error.
    virtual std::string error(const told_error& what) const = 0;
    /// The same behind a status of 200.
    virtual std::string error_inside(const told_error& what) const { return error(what); }
    /// The same as an event of a stream.
    virtual std::string error_event(const told_error& what) const {
        return "data: " + error_inside(what) + "\n\n";
    }
};

const api_voice& voice_of(dialect spoken);

// Each in a file of its own.
const api_voice& openai_voice();
const api_voice& engine_voice();
const api_voice& responses_voice();
const api_voice& embeddings_voice();
const api_voice& messages_voice();
const api_voice& gemini_voice();

}  // namespace stagger::server
