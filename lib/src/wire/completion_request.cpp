#include <utility>

#include "stagger/completion.hpp"

namespace stagger {

completion_request completion_request::from_body(std::string json_object) {
    completion_request request;
    // An empty body would look like an empty prompt; a lone space is refused when the request is encoded.
    request.body_ = json_object.empty() ? " " : std::move(json_object);
    return request;
}

completion_request& completion_request::system(std::string text) {
    system_ = std::move(text);
    return *this;
}

completion_request& completion_request::max_new_tokens(unsigned count) {
    max_new_tokens_ = count;
    return *this;
}

completion_request& completion_request::temperature(double value) {
    temperature_ = value;
    return *this;
}

completion_request& completion_request::model(std::string name) {
    model_ = std::move(name);
    return *this;
}

completion_request& completion_request::set(std::string name, std::string json_text) {
    members_.emplace_back(std::move(name), std::move(json_text));
    return *this;
}

completion_request& completion_request::request_id(std::string id) {
    request_id_ = std::move(id);
    return *this;
}

completion_request& completion_request::expected_tokens(double count) {
    expected_tokens_ = count;
    return *this;
}

}  // namespace stagger
