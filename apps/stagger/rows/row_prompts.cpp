#include "row_prompts.hpp"

#include <algorithm>

#include "batch/batch_error.hpp"
#include "batch/prompt_file.hpp"
#include "cli/exit_code.hpp"
#include "column_check.hpp"
#include "json/json_text.hpp"

namespace app {
namespace {

namespace asio = boost::asio;
namespace batch = stagger::batch;
namespace wire = stagger::wire;

// Of rows without columns these are looked at to tell a misspelt place from a member that some lack.
constexpr std::size_t rows_looked_at = 100;

/// Element of an array that is a text.
bool is_text(const batch::row& found) {
    return found.text.starts_with('"') && !wire::json_problem(found.text);
}

}  // namespace

row_prompts::row_prompts(const asio::any_io_executor& executor, const std::vector<std::string>& paths,
                         const row_reading& how, prompt_making making)
    : how_(how), making_(std::move(making)), files_(open_row_sources(executor, paths)) {}

std::unique_ptr<file_rows> row_prompts::begin(const row_source& from, std::size_t before) {
    places_->file_begins(from.name, before);
    return std::make_unique<file_rows>(from.name, how_, before);
}

void row_prompts::check_table(const row_source& from, const file_rows& rows) const {
    if (rows.columns()) check_columns(from.name, *rows.columns(), making_.reading());
}

bool row_prompts::look_ahead(const std::function<bool(const batch::row&)>& use) {
    if (!all_regular(files_)) return false;
    const row_source* checked = nullptr;
    each_row(files_, how_, *places_,
             [&](const row_source& from, const file_rows& rows, const batch::row& found) {
                 if (checked != &from) check_table(from, rows);
                 checked = &from;
                 row_format_ = rows.format();
                 return use(found);
             });
    return true;
}

void row_prompts::check() {
    const bool names = making_.form || !making_.id_name.empty();
    std::size_t looked_at = 0;
    bool json = false;
    bool text = false;
    std::vector<std::string> members;
    look_ahead([&](const batch::row& found) {
        json = row_format_ == row_format::jsonl || row_format_ == row_format::json;
        text = row_format_ == row_format::text;
        if (!json || !names || is_text(found) || !found.problem.empty()) return false;
        if (wire::json_problem(found.text)) return ++looked_at < rows_looked_at;
        for (const auto& each : wire::json_members(found.text).value_or(std::vector<wire::json_member>())) {
            if (std::find(members.begin(), members.end(), each.name) == members.end())
                members.push_back(each.name);
        }
        return ++looked_at < rows_looked_at;
    });
    if (text) check_text(files_.front().name, making_.reading());
    if (json && !members.empty()) check_members(files_.front().name, members, making_.reading());
}

asio::awaitable<std::optional<stagger::batch_prompt>> row_prompts::read(stagger::error_code& error) {
    error = {};
    for (;;) {
        if (current_ == files_.size()) {
            if (total_ && handed_out_ < *total_) error = batch::batch_errc::prompts_shrunk;
            co_return std::nullopt;
        }
        auto& from = files_[current_];
        if (!rows_) {
            rows_ = begin(from, 0);
            checked_ = false;
        }
        if (const auto found = rows_->next()) {
            if (!checked_) check_table(from, *rows_);
            checked_ = true;
            row_format_ = rows_->format();
            ++handed_out_;
            co_return interpret(*found);
        }
        if (rows_->ended()) {
            const auto before = rows_->count();
            if (++current_ < files_.size()) rows_ = begin(files_[current_], before);
            checked_ = false;
            continue;
        }
        const auto room = rows_->prepare();
        const auto got = co_await from.file.read_some(room, error);
        rows_->commit(got);
        if (error) co_return std::nullopt;
        if (got == 0) rows_->finish();
    }
}

stagger::batch_prompt row_prompts::interpret(const batch::row& found) {
    const auto how = making_.reading();
    if (found.cells) {
        auto prompt = batch::prompt_without_request(found);
        if (!prompt.problem.empty()) return prompt;
        try {
            auto item =
                wire::parse_table_row(*found.columns, *found.cells, found.number, making_.target, how);
            prompt.custom_id = std::move(item.custom_id);
            prompt.request = std::move(item.request);
        } catch (const wire::batch_line_error& wrong) {
            prompt.custom_id = wrong.custom_id();
            prompt.problem = wrong.what();
        }
        return prompt;
    }
    if (row_format_ == row_format::json && is_text(found)) {
        const auto text = wire::json_string_value(found.text).value_or(std::string());
        auto of_text = found;
        of_text.text = text;
        auto prompt = batch::prompt_of_row(of_text, wire::prompt_format::text, making_.target, how);
        prompt.hash = found.hash();
        return prompt;
    }
    const bool text = row_format_ == row_format::text;
    return batch::prompt_of_row(found, text ? wire::prompt_format::text : wire::prompt_format::jsonl,
                                making_.target, how);
}

std::optional<std::size_t> row_prompts::remaining() const {
    if (!total_) return std::nullopt;
    return *total_ > handed_out_ ? *total_ - handed_out_ : 0;
}

}  // namespace app
