#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "batch/batch_line.hpp"
#include "batch/listed_prompts.hpp"
#include "row_sources.hpp"

namespace app {

/// How rows become prompts.
struct prompt_making {
    stagger::dialect target = stagger::dialect::openai_chat;
    std::optional<stagger::wire::prompt_template> form;
    std::string id_name;
    bool send_columns = false;

    stagger::wire::line_reading reading() const { return {form ? &*form : nullptr, id_name, send_columns}; }
};

/** The rows of one or several files as prompts.
 *
 * What is wrong with a file as a whole, and a place of the template that none of its rows can fill, is thrown
 * as `failure`: by `look_ahead` where it can look, else by `read`.
 */
class row_prompts final : public stagger::batch::listed_prompts {
 public:
    /** @param paths files, named pipes or "-"
     *  @throws failure file_failed for one that cannot be opened
     */
    row_prompts(const boost::asio::any_io_executor& executor, const std::vector<std::string>& paths,
                const row_reading& how, prompt_making making);

    bool look_ahead(const std::function<bool(const stagger::batch::row&)>& use) override;
    stagger::batch_prompt interpret(const stagger::batch::row& found) override;
    void expect(std::size_t prompts) override { total_ = prompts; }
    boost::asio::awaitable<std::optional<stagger::batch_prompt>> read(stagger::error_code& error) override;
    std::optional<std::size_t> remaining() const override;

    /// Refuses what can be told to be wrong before anything is read in earnest.
    /// @throws failure wrong_usage
    void check();
    /// Where rows stand; known as far as they were read or looked at.
    std::shared_ptr<const row_places> places() const { return places_; }

 private:
    std::unique_ptr<file_rows> begin(const row_source& from, std::size_t before);
    void check_table(const row_source& from, const file_rows& rows) const;

    row_reading how_;
    prompt_making making_;
    std::vector<row_source> files_;
    std::shared_ptr<row_places> places_ = std::make_shared<row_places>();
    std::size_t current_ = 0;  // of the files
    std::unique_ptr<file_rows> rows_;
    bool checked_ = false;  // the columns of the current file
    row_format row_format_ = row_format::automatic;
    std::size_t handed_out_ = 0;
    std::optional<std::size_t> total_;
};

}  // namespace app
