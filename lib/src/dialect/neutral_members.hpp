#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stagger/completion.hpp"

/// What requests say in no dialect's words, and how several dialects write it.
namespace stagger::wire {

/// Whether the prompt is a message: not where there are others, and it is empty.
bool has_prompt(const completion_request& request);
/// A data: URL.
std::string image_url(std::string_view media_type, std::string_view bytes);
/// The arguments of a call; {} where there are none.
std::string_view arguments_of(const tool_call& call);
/// Whether any image, of the prompt or of a message, is one that does not contain its data.
bool links_images(const completion_request& request);
/// Whether there is an image.
bool has_images(const completion_request& request);

/// What is wrong with messages, stop texts, images, tools or the schema; empty where nothing is.
std::string broken_neutral_member(const completion_request& request);

/// The name of the first of them that is given; empty where none is.
std::string_view first_neutral_member(const completion_request& request);

/// An image that its URL contains.
struct contained_image {
    std::string_view media_type;
    std::string_view base64;
};
/// Nothing for a URL that only says where it is.
std::optional<contained_image> image_in(std::string_view url);

/// ["a","b"]
void append_json_strings(std::string& out, const std::vector<std::string>& texts);

/// The array of a chat's tools, in OpenAI's words.
void append_openai_tools(std::string& out, const std::vector<tool_definition>& tools);
/// {"name":…,"schema":…,"strict":true}
void append_openai_schema(std::string& out, const answer_schema& schema);

}  // namespace stagger::wire
