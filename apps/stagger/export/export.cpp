#include <fcntl.h>
#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <unordered_map>

#include "answer_of_result.hpp"
#include "batch/write_all.hpp"
#include "cli/commands.hpp"
#include "cli/distinct_files.hpp"
#include "cli/output_file.hpp"
#include "export_columns.hpp"
#include "input_values.hpp"
#include "result_index.hpp"
#include "row_writer.hpp"
#include "rows/row_sources.hpp"
#include "terminal/console.hpp"

namespace app {
namespace {

namespace batch = stagger::batch;

constexpr std::size_t written_together = 256 * 1024;

struct export_options {
    std::vector<std::string> results;
    std::vector<std::string> inputs;
    std::string as;
    std::string output;
    std::string id_column;
    std::string prices;
    bool answer_columns = false;
    bool quiet = false;
};

/// A file that rows go into, some hundred KiB at once.
class row_output {
 public:
    explicit row_output(const std::string& path) : path_(path), file_(open_output(path, O_TRUNC)) {}

    void add(const std::string& text) {
        held_ += text;
        if (held_.size() >= written_together) flush();
    }
    void flush() {
        if (const auto failed = batch::write_all(file_.get(), held_))
            throw failure(exit_code::file_failed, output_name(path_) + ": " + failed.message());
        held_.clear();
    }

 private:
    std::string path_;
    batch::file_handle file_;
    std::string held_;
};

/// One export, from the checks to the last row.
class exporting {
 public:
    explicit exporting(const export_options& options)
        : options_(options), form_(form_of(options)), results_(options.results) {
        sources_ = open_row_sources(context_.get_executor(), options.inputs);
        if (!all_regular(sources_))
            throw failure(exit_code::wrong_usage, "--join: needs files that can be read twice, and no pipe");
        reading_.format = parse_row_format(results_.format()).value_or(row_format::automatic);
        reading_.separator = parse_separator(results_.separator());
        if (!options.prices.empty()) prices_ = read_price_list(options.prices);
    }

    void run(console& out) {
        if (sources_.empty()) {
            results_.order_by_line();
        } else {
            results_.index_rows();
        }
        look_over();
        columns_ = make_export_columns(inputs_.names(), members_.names());
        names_ = columns_.all();
        for (std::size_t index = 0; index < names_.size(); ++index) places_of_.emplace(names_[index], index);
        row_output file(options_.output);
        file.add(heading(form_, names_));
        write_rows(file);
        file.flush();
        out.remark(std::to_string(answered_ + failed_ + left_) + " rows: " + std::to_string(answered_) +
                   " answered, " + std::to_string(failed_) + " failed, " + std::to_string(left_) + " left");
    }

 private:
    static export_form form_of(const export_options& options) {
        const auto form = parse_export_form(options.as);
        if (form) return *form;
        throw failure(exit_code::wrong_usage,
                      "--as: must be csv, tsv, jsonl or text, is \"" + options.as + "\"");
    }

    void each_input(const std::function<void(const batch::row&, row_format)>& use) {
        each_row(sources_, reading_, places_,
                 [&](const row_source&, const file_rows& rows, const batch::row& found) {
                     use(found, rows.format());
                     return true;
                 });
    }

    /// Whether results and inputs belong together, and what columns there are.
    void look_over() {
        std::size_t told = 0;
        std::size_t last = 0;
        each_input([&](const batch::row& found, row_format format) {
            const auto values = values_of_row(found, format);
            for (const auto& each : values) inputs_.add(each.first);
            last = found.number;
            const auto* result =
                results_.of_row(found.number, id_of_row(values, format, found.number, options_.id_column));
            if (!result) return;
            ++told;
            if (result->line > 0 && result->line_hash != found.hash()) {
                throw failure(exit_code::wrong_usage, places_.name_of(found.number) + ": is not what " +
                                                          results_.place(*result) +
                                                          ", answers for that line");
            }
        });
        if (!sources_.empty() && told < results_.entries().size()) refuse_strangers(told, last);
        if (!options_.answer_columns) return;
        for (const auto& each : results_.entries()) {
            for (const auto& member : members_of_answer(shown(each).answer)) members_.add(member.first);
        }
    }

    void refuse_strangers(std::size_t told, std::size_t last) const {
        std::string problem =
            std::to_string(results_.entries().size() - told) + " results answer no row of what --join names";
        if (results_.last_line() > last) {
            problem += ": one answers line " + std::to_string(results_.last_line()) +
                       ", and the last one is " + std::to_string(last);
        } else if (results_.without_line() > 0) {
            problem += "; --id-column says which column has their ids";
        }
        throw failure(exit_code::wrong_usage, problem);
    }

    shown_result shown(const result_index::entry& one) const {
        auto read = read_shown_result(results_.text(one));
        if (!read) throw failure(exit_code::file_failed, results_.place(one) + ": changed while it was read");
        return std::move(*read);
    }

    void write_rows(row_output& file) {
        if (sources_.empty()) {
            for (const auto& each : results_.entries()) file.add(row_of({}, shown(each)));
            return;
        }
        each_input([&](const batch::row& found, row_format format) {
            const auto values = values_of_row(found, format);
            const auto id = id_of_row(values, format, found.number, options_.id_column);
            const auto* result = results_.of_row(found.number, id);
            if (result) return file.add(row_of(values, shown(*result)));
            ++left_;
            shown_result nothing;
            nothing.id = id;
            file.add(row_of(values, nothing, true));
        });
    }

    std::string row_of(const named_values& input, const shown_result& result, bool left = false) {
        std::vector<std::optional<export_value>> values(names_.size());
        for (const auto& [name, value] : input) values[places_of_.at(name)] = value;
        const auto own = columns_.input.size();
        const auto text = [&](std::size_t column, const std::string& said) {
            if (!said.empty()) values[own + column] = export_value{said, false};
        };
        const auto number = [&](std::size_t column, const std::string& said) {
            if (!said.empty()) values[own + column] = export_value{said, true};
        };
        const auto count = [](const std::optional<std::uint64_t>& tokens) {
            return tokens ? std::to_string(*tokens) : std::string();
        };
        if (!left) ++(result.answered ? answered_ : failed_);
        text(0, result.id);
        text(1, left ? "left" : result.answered ? "answered" : "failed");
        if (result.answered) values[own + answer_column] = export_value{result.answer, false};
        text(3, result.finish_reason);
        number(4, count(result.prompt_tokens));
        number(5, count(result.completion_tokens));
        const auto cost = result.cost.empty() ? cost_by_list(result, prices_) : std::nullopt;
        number(6, cost ? cost_text(*cost) : result.cost);
        text(7, result.error);
        if (!columns_.answer.empty()) add_answer_members(result.answer, values);
        return row_text(form_, names_, values, own + answer_column);
    }

    void add_answer_members(const std::string& answer,
                            std::vector<std::optional<export_value>>& values) const {
        const auto& known = columns_.answer_members;
        for (const auto& [name, value] : members_of_answer(answer)) {
            const auto place = std::find(known.begin(), known.end(), name) - known.begin();
            values[columns_.input.size() + columns_.own.size() + static_cast<std::size_t>(place)] = value;
        }
    }

    static constexpr std::size_t answer_column = 2;  // of own_columns

    const export_options& options_;
    export_form form_;
    boost::asio::io_context context_{1};
    result_index results_;
    price_list prices_;
    std::vector<row_source> sources_;
    row_reading reading_;
    row_places places_;
    name_list inputs_;
    name_list members_;
    export_columns columns_;
    std::vector<std::string> names_;
    std::unordered_map<std::string, std::size_t> places_of_;
    std::size_t answered_ = 0;
    std::size_t failed_ = 0;
    std::size_t left_ = 0;
};

class export_command final : public command {
 public:
    explicit export_command(CLI::App& parser) {
        parser
            .add_option("RESULTS", options_.results,
                        "Results that batch wrote, or another tool in OpenAI's Batch form")
            ->required();
        parser
            .add_option("--join", options_.inputs,
                        "The PROMPTS that they answer: their rows come beside the answers, in their order; "
                        "repeatable, "
                        "in the order in which batch was given them")
            ->type_name("PROMPTS");
        parser.add_option("--as", options_.as, "What is written: csv, tsv, jsonl or text, an answer a line")
            ->type_name("FORM")
            ->required();
        parser.add_option("-o,--output", options_.output, "Write it there; - for standard output")
            ->type_name("FILE")
            ->required();
        parser.add_flag("--answer-columns", options_.answer_columns,
                        "Make columns of the members of answers that are JSON objects");
        parser
            .add_option(
                "--id-column", options_.id_column,
                "The column or member that results go by that tell no line (default: custom_id or id)")
            ->type_name("NAME");
        parser
            .add_option(
                "--prices", options_.prices,
                "What tokens cost, by model, as JSON with litellm's names: fills the column cost where "
                "the server told none")
            ->type_name("FILE");
        parser.add_flag("-q,--quiet", options_.quiet, "Say nothing but errors");
    }

    exit_code run() override {
        auto read = options_.results;
        read.insert(read.end(), options_.inputs.begin(), options_.inputs.end());
        read.push_back(options_.prices);
        keep_apart("--output", options_.output, read);
        console out(options_.quiet);
        exporting(options_).run(out);
        return exit_code::done;
    }

 private:
    export_options options_;
};

}  // namespace

std::unique_ptr<command> make_export_command(CLI::App& parser) {
    return std::make_unique<export_command>(parser);
}

}  // namespace app
