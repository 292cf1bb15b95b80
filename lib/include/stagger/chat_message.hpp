#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stagger/tool_call.hpp"

namespace stagger {

struct completion;

/// Who says a message of a chat. What a system says is completion_request::system.
enum class chat_role {
    user,
    assistant,  ///< the model, earlier
    tool,       ///< a function that the model has called
};

/** @brief A message of a chat: what was said before, or is to be answered now.
 *
 *     chat_message::user("What is this?").image(url)
 *     chat_message::assistant(answer)                      // as it came, with the calls that it asks for
 *     chat_message::tool_result(answer.tool_calls[0], R"({"degrees": 21})")
 *
 * Setters chain and only store; completion_request::messages says who checks. The same in every dialect.
 *
 * Not an aggregate on purpose: g++ 12 destroys aggregate temporaries inside `co_await` twice.
 */
class chat_message {
 public:
    static chat_message user(std::string text);
    static chat_message assistant(std::string text);
    /// What the model has answered: its text, and the calls that it asks for. Of some models more has to be
    /// sent back, such as signatures of what they thought: `completion_request::from_body` has that.
    static chat_message assistant(const completion& answer);
    /// What a function returned, as text or JSON. Results follow the message that asks for the calls.
    static chat_message tool_result(tool_call of, std::string text);

    /// An image beside a user's text, as completion_request::image. May be called for several.
    chat_message& image(std::string url);
    /// The same of an image's bytes. @param media_type "image/png"
    chat_message& image(std::string_view media_type, std::string_view bytes);
    /// A call that an assistant asked for. May be called for several.
    chat_message& call(tool_call one);

    chat_role role() const { return role_; }
    const std::string& text() const { return text_; }
    /// URLs.
    const std::vector<std::string>& images() const { return images_; }
    /// That an assistant asked for; of a tool's result the one call that it answers.
    const std::vector<tool_call>& calls() const { return calls_; }

 private:
    chat_message(chat_role role, std::string text) : role_(role), text_(std::move(text)) {}

    chat_role role_;
    std::string text_;
    std::vector<std::string> images_;
    std::vector<tool_call> calls_;
};

}  // namespace stagger
