#pragma once

#include <memory>
#include <optional>
#include <string>

#include "batch/batch_line.hpp"
#include "batch/input_file.hpp"
#include "batch/line_splitter.hpp"
#include "batch/listed_prompts.hpp"

namespace stagger::batch {

/// The lines of a prompt file as prompts.
class prompt_file final : public listed_prompts {
 public:
    static std::unique_ptr<prompt_file> open(const boost::asio::any_io_executor& executor,
                                             const std::string& path, prompt_file_format format,
                                             dialect target, error_code& error);

    bool look_ahead(const std::function<bool(const row&)>& use) override;
    batch_prompt interpret(const row& found) override;
    void expect(std::size_t prompts) override { total_ = prompts; }

    boost::asio::awaitable<std::optional<batch_prompt>> read(error_code& error) override;
    std::optional<std::size_t> remaining() const override;

 private:
    prompt_file(input_file file, prompt_file_format format, dialect target)
        : file_(std::move(file)), format_(format), dialect_(target) {}

    input_file file_;
    prompt_file_format format_;
    dialect dialect_;
    line_splitter lines_{longest_prompt_line};
    bool ended_ = false;
    std::size_t handed_out_ = 0;
    std::optional<std::size_t> total_;
};

/// The prompt of a row that is a line of text or a JSON object.
/// @param how what else says how it is read
batch_prompt prompt_of_row(const row& found, wire::prompt_format format, dialect target,
                           const wire::line_reading& how = {});
/// A prompt without a request: what the row's place and hash say, and its problem where it has one.
batch_prompt prompt_without_request(const row& found);

}  // namespace stagger::batch
