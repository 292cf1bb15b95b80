#include <boost/asio/awaitable.hpp>

#include "stagger/prompt_source.hpp"

namespace stagger {
namespace {

class prompt_list final : public prompt_source {
 public:
    explicit prompt_list(std::vector<completion_request> requests) : requests_(std::move(requests)) {}

    boost::asio::awaitable<std::optional<batch_prompt>> read(error_code& error) override {
        error = {};
        if (next_ == requests_.size()) co_return std::nullopt;
        auto& request = requests_[next_++];
        batch_prompt prompt;
        prompt.position = next_;
        prompt.custom_id =
            request.request_id().empty() ? "prompt-" + std::to_string(next_) : request.request_id();
        prompt.request = std::move(request);
        co_return prompt;
    }

    std::optional<std::size_t> remaining() const override { return requests_.size() - next_; }

 private:
    std::vector<completion_request> requests_;
    std::size_t next_ = 0;
};

}  // namespace

std::unique_ptr<prompt_source> prompts_from(std::vector<completion_request> requests) {
    return std::make_unique<prompt_list>(std::move(requests));
}

std::unique_ptr<prompt_source> prompts_from(std::vector<std::string> prompts) {
    std::vector<completion_request> requests;
    requests.reserve(prompts.size());
    for (auto& prompt : prompts) requests.emplace_back(std::move(prompt));
    return prompts_from(std::move(requests));
}

}  // namespace stagger
