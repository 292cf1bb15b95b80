#pragma once

#include <string>
#include <utility>
#include <vector>

#include "stagger/completion.hpp"
#include "stagger/error.hpp"

namespace stagger::testing {

/** @brief What a fake_client does with one request. A value; setters chain.
 *
 *     fake_answer::text("because").pieces({"be", "cause"})
 *     fake_answer::failure(errc::rate_limited, "slow down")
 */
class fake_answer {
 public:
    /// A success with this text, which ended with "stop". Of a stream, in one piece.
    static fake_answer text(std::string text);
    /// A success with whatever a test needs: tool calls, usage, `raw`.
    static fake_answer success(completion answer);
    /// The request ends with this error, and the server's words in `diagnostic::message`.
    static fake_answer failure(error_code error, std::string message = {});
    /// The same with a diagnostic of the test's own.
    static fake_answer failure(error_code error, diagnostic info);
    /// Nothing comes until the request is cancelled, or the client closed.
    static fake_answer never();

    /// The pieces in which a stream of it comes; together they are its text.
    fake_answer& pieces(std::vector<std::string> texts);
    /// A stream of it ends with this error after its pieces; whole, it fails at once.
    fake_answer& breaks_off(error_code error, std::string message = {});

    /// Whether it ends at all.
    bool ends() const { return ends_; }
    /// With which it ends; of a stream: before the first piece.
    const error_code& error() const { return error_; }
    const completion& answer() const { return answer_; }
    const std::vector<std::string>& pieces() const { return pieces_; }
    /// With which a stream ends after its pieces.
    const error_code& late_error() const { return late_error_; }
    const std::string& late_message() const { return late_message_; }

 private:
    completion answer_;
    error_code error_;
    std::vector<std::string> pieces_;
    error_code late_error_;
    std::string late_message_;
    bool ends_ = true;
};

}  // namespace stagger::testing
