#pragma once

#include <boost/json/object.hpp>

#include "throttled_server/api_voice.hpp"

namespace stagger::server {

/// The object that OpenAI's APIs put into `error`.
boost::json::object openai_error(const told_error& what);

/// The same inside an answer, where gateways put the status that they would have had.
boost::json::object openai_error_inside(const told_error& what);

}  // namespace stagger::server
