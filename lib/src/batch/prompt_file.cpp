#include "batch/prompt_file.hpp"

#include "batch/batch_error.hpp"
#include "batch/prompt_survey.hpp"

namespace asio = boost::asio;

namespace stagger::batch {
namespace {

prompt_file_format format_by_name(const std::string& path) {
    if (path.ends_with(".txt")) return prompt_file_format::text;
    if (path.ends_with(".jsonl") || path.ends_with(".ndjson")) return prompt_file_format::jsonl;
    return prompt_file_format::automatic;
}

prompt_file_format format_by_content(std::string_view first_line) {
    const auto begin = first_line.find_first_not_of(" \t");
    return first_line[begin] == '{' ? prompt_file_format::jsonl : prompt_file_format::text;
}

}  // namespace

std::unique_ptr<prompt_file> prompt_file::open(const asio::any_io_executor& executor, const std::string& path,
                                               prompt_file_format format, dialect target, error_code& error) {
    auto file = input_file::open(executor, path, error);
    if (!file) return nullptr;
    if (format == prompt_file_format::automatic) format = format_by_name(path);
    return std::unique_ptr<prompt_file>(new prompt_file(std::move(*file), format, target));
}

bool prompt_file::look_ahead(const std::function<bool(const row&)>& use) {
    if (!file_.regular()) return false;
    line_splitter lines(longest_prompt_line);
    auto offset = file_.beginning();
    for (bool ended = false; !ended;) {
        error_code error;
        const auto got = file_.read_at(offset, lines.prepare(), error);
        if (error) return false;  // reading it in earnest will report this
        if (got == 0) lines.finish();
        ended = got == 0;
        lines.commit(got);
        offset += got;
        while (const auto found = lines.next()) {
            if (!use(row_of(*found))) return true;
        }
    }
    return true;
}

asio::awaitable<std::optional<batch_prompt>> prompt_file::read(error_code& error) {
    error = {};
    for (;;) {
        if (const auto found = lines_.next()) {
            ++handed_out_;
            co_return interpret(row_of(*found));
        }
        if (ended_) {
            if (total_ && handed_out_ < *total_) error = batch_errc::prompts_shrunk;
            co_return std::nullopt;
        }
        const auto room = lines_.prepare();
        const auto got = co_await file_.read_some(room, error);
        if (error) co_return std::nullopt;
        lines_.commit(got);
        if (got == 0) {
            lines_.finish();
            ended_ = true;
        }
    }
}

batch_prompt prompt_file::interpret(const row& found) {
    if (format_ == prompt_file_format::automatic && !found.too_long) format_ = format_by_content(found.text);
    const bool jsonl = format_ == prompt_file_format::jsonl;
    return prompt_of_row(found, jsonl ? wire::prompt_format::jsonl : wire::prompt_format::text, dialect_);
}

batch_prompt prompt_without_request(const row& found) {
    batch_prompt prompt;
    prompt.position = found.number;
    prompt.custom_id = "line-" + std::to_string(found.number);
    prompt.hash = found.hash();
    prompt.problem = found.problem;
    if (found.too_long)
        prompt.problem = "longer than " + std::to_string(longest_prompt_line / (1024 * 1024)) + " MiB";
    return prompt;
}

batch_prompt prompt_of_row(const row& found, wire::prompt_format format, dialect target,
                           const wire::line_reading& how) {
    auto prompt = prompt_without_request(found);
    if (!prompt.problem.empty()) return prompt;
    try {
        auto item = wire::parse_batch_line(found.text, format, found.number, target, how);
        prompt.custom_id = std::move(item.custom_id);
        prompt.request = std::move(item.request);
    } catch (const wire::batch_line_error& wrong) {
        prompt.custom_id = wrong.custom_id();
        prompt.problem = wrong.what();
    }
    return prompt;
}

std::optional<std::size_t> prompt_file::remaining() const {
    if (!total_) return std::nullopt;
    return *total_ > handed_out_ ? *total_ - handed_out_ : 0;
}

}  // namespace stagger::batch

namespace stagger {

std::unique_ptr<prompt_source> prompts_from_file(const asio::any_io_executor& executor,
                                                 const std::string& path, prompt_file_format format,
                                                 dialect target, error_code& error) {
    auto opened = batch::prompt_file::open(executor, path, format, target, error);
    if (!opened) return nullptr;
    if (const auto found = batch::survey(*opened)) opened->expect(found->prompts);
    return opened;
}

}  // namespace stagger
