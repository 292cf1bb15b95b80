#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/utf8.hpp"
#include "sending/decision_log_file.hpp"
#include "sending/send_options.hpp"
#include "stagger/prompt_source.hpp"

namespace app {

/// The prompts of another source, with what the command line says added where a prompt does not say it
/// itself.
class prompts_with_defaults final : public stagger::prompt_source {
 public:
    /// @param plan must outlive this
    /// @param system message of prompts that have none; whole bodies and messages say themselves what they
    /// have
    prompts_with_defaults(std::unique_ptr<stagger::prompt_source> prompts, const send_plan& plan,
                          std::optional<std::string> system = std::nullopt)
        : prompts_(std::move(prompts)), plan_(plan), system_(std::move(system)) {}

    boost::asio::awaitable<std::optional<stagger::batch_prompt>> read(stagger::error_code& error) override {
        auto prompt = co_await prompts_->read(error);
        if (prompt && prompt->request) {
            auto& request = *prompt->request;
            apply_defaults(plan_, request);
            if (plan_.decisions) request.label(label_of(prompt->custom_id));
            if (system_ && request.body().empty() && !request.system()) request.system(*system_);
        }
        co_return prompt;
    }

    std::optional<std::size_t> remaining() const override { return prompts_->remaining(); }

 private:
    /// What the decision log calls a row. Its lines are short, and whole characters in any case.
    static std::string label_of(const std::string& custom_id) {
        constexpr std::size_t longest_bytes = 256;
        std::string label;
        if (custom_id.size() <= longest_bytes) return custom_id;
        stagger::wire::append_as_utf8(label, std::string_view(custom_id).substr(0, longest_bytes));
        return label;
    }

    std::unique_ptr<stagger::prompt_source> prompts_;
    const send_plan& plan_;
    std::optional<std::string> system_;
};

}  // namespace app
