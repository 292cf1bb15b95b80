#pragma once

#include <string_view>
#include <vector>

#include "dialect/dialect.hpp"

namespace stagger::wire {

/// How an answer to a request for a stream is written.
enum class body_form {
    events,   ///< server-sent events
    whole,    ///< one JSON document
    unknown,  ///< its beginning has to tell
    neither,
};

/// The media type of the body, without its parameters.
std::string_view media_type(const std::vector<field>& fields);
/// By the head. A type that is missing, or says no more than that it is text or bytes, tells nothing.
body_form form_of(const std::vector<field>& fields);
/// By the beginning of the body: `unknown` as long as it is too short.
body_form form_of_beginning(std::string_view body);
/// What is known once so much of the body has come. What is neither is read as a document: that says what is
/// wrong with it.
/// @param ended there is no more to come
body_form settled_form(body_form so_far, std::string_view body, bool ended);

}  // namespace stagger::wire
