#include <utility>

#include "dialect/neutral_members.hpp"
#include "stagger/completion.hpp"

namespace stagger {

completion_request::completion_request(const completion_request& other)
    : prompt_(other.prompt_),
      max_new_tokens_(other.max_new_tokens_),
      temperature_(other.temperature_),
      expected_tokens_(other.expected_tokens_),
      priority_(other.priority_),
      has_temperature_(other.has_temperature_),
      extras_(other.extras_ ? std::make_unique<further>(*other.extras_) : nullptr) {}

completion_request& completion_request::operator=(const completion_request& other) {
    return *this = completion_request(other);
}

const completion_request::further& completion_request::no_extras() {
    static const further none;
    return none;
}

completion_request::further& completion_request::own_extras() {
    if (!extras_) extras_ = std::make_unique<further>();
    extras_->is_encoded = true;
    return *extras_;
}

completion_request completion_request::from_body(std::string json_object) {
    completion_request request;
    // An empty body would look like an empty prompt; a lone space is refused when the request is encoded.
    request.own_extras().body = json_object.empty() ? " " : std::move(json_object);
    return request;
}

completion_request completion_request::post(std::string path, std::string json) {
    completion_request request = from_body(std::move(json));
    request.extras_->path = path.empty() ? "/" : std::move(path);
    return request;
}

completion_request completion_request::chat(std::vector<chat_message> messages) {
    completion_request request;
    request.messages(std::move(messages));
    return request;
}

completion_request& completion_request::messages(std::vector<chat_message> so_far) {
    own_extras().messages = std::move(so_far);
    return *this;
}

completion_request& completion_request::stop(std::vector<std::string> sequences) {
    own_extras().stop = std::move(sequences);
    return *this;
}

completion_request& completion_request::image(std::string url) {
    own_extras().images.push_back(std::move(url));
    return *this;
}

completion_request& completion_request::image(std::string_view media_type, std::string_view bytes) {
    return image(wire::image_url(media_type, bytes));
}

completion_request& completion_request::tool(std::string name, std::string description,
                                             std::string parameters) {
    own_extras().tools.push_back({std::move(name), std::move(description), std::move(parameters)});
    return *this;
}

completion_request& completion_request::json_schema(std::string name, std::string schema) {
    own_extras().schema = answer_schema{std::move(name), std::move(schema)};
    return *this;
}

completion_request& completion_request::system(std::string text) {
    own_extras().system = std::move(text);
    return *this;
}

completion_request& completion_request::max_new_tokens(unsigned count) {
    max_new_tokens_ = count;
    return *this;
}

completion_request& completion_request::temperature(double value) {
    temperature_ = value;
    has_temperature_ = true;
    return *this;
}

completion_request& completion_request::model(std::string name) {
    own_extras().model = std::move(name);
    return *this;
}

completion_request& completion_request::set(std::string name, std::string json_text) {
    own_extras().members.emplace_back(std::move(name), std::move(json_text));
    return *this;
}

completion_request& completion_request::request_id(std::string id) {
    own_extras().request_id = std::move(id);
    return *this;
}

completion_request& completion_request::label(std::string text) {
    if (!extras_) extras_ = std::make_unique<further>();
    extras_->label = std::move(text);
    return *this;
}

completion_request& completion_request::header(std::string name, std::string value) {
    own_extras().headers.emplace_back(std::move(name), std::move(value));
    return *this;
}

completion_request& completion_request::deadline(duration limit) {
    own_extras().deadline = limit;
    return *this;
}

completion_request& completion_request::tag(std::string text) {
    own_extras().tag = std::move(text);
    return *this;
}

completion_request& completion_request::expected_tokens(double count) {
    expected_tokens_ = count;
    return *this;
}

}  // namespace stagger
