#include "stagger/chat_message.hpp"

#include "dialect/neutral_members.hpp"
#include "stagger/completion.hpp"

namespace stagger {

chat_message chat_message::user(std::string text) {
    return {chat_role::user, std::move(text)};
}

chat_message chat_message::assistant(std::string text) {
    return {chat_role::assistant, std::move(text)};
}

chat_message chat_message::assistant(const completion& answer) {
    chat_message said(chat_role::assistant, answer.text);
    said.calls_ = answer.tool_calls;
    return said;
}

chat_message chat_message::tool_result(tool_call of, std::string text) {
    chat_message said(chat_role::tool, std::move(text));
    said.calls_.push_back(std::move(of));
    return said;
}

chat_message& chat_message::image(std::string url) {
    images_.push_back(std::move(url));
    return *this;
}

chat_message& chat_message::image(std::string_view media_type, std::string_view bytes) {
    return image(wire::image_url(media_type, bytes));
}

chat_message& chat_message::call(tool_call one) {
    calls_.push_back(std::move(one));
    return *this;
}

}  // namespace stagger
