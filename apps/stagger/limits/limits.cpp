#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <optional>
#include <stdexcept>
#include <vector>

#include "cli/commands.hpp"
#include "cli/output_file.hpp"
#include "json/json_writer.hpp"
#include "records/limits_members.hpp"
#include "sending/limits_file.hpp"
#include "sending/run_memory.hpp"
#include "terminal/console.hpp"
#include "terminal/duration_text.hpp"
#include "terminal/text_table.hpp"

namespace app {
namespace {

using stagger::remembered_limits;
using stagger::wire::limits_by_key;
using stagger::wire::limits_key;

limits_file state_file() {
    const auto path = usual_limits_path();
    if (!path) {
        throw failure(exit_code::file_failed, "neither XDG_STATE_HOME nor HOME has an absolute path");
    }
    return limits_file(*path);
}

/// Of a server whose limit was not met, the rate that it admitted.
std::string rate_of(const remembered_limits& limits) {
    const bool was_met = limits.kind != stagger::limit_kind::none;
    return was_met ? fmt::format("{:.3g}/s", limits.rate_per_s)
                   : fmt::format("over {:.0f}/s", limits.rate_per_s);
}

/// What a limit has beside its rate, by its kind.
std::string window_of(const remembered_limits& limits) {
    if (limits.kind == stagger::limit_kind::concurrency) {
        return fmt::format("{:.0f} in flight", *limits.in_flight);
    }
    if (limits.kind == stagger::limit_kind::lockout) {
        return fmt::format("silence {:.1f} s", stagger::to_seconds(*limits.silence));
    }
    if (!limits.quota || !limits.window) return "-";
    return fmt::format("{:.0f} in {:.1f} s", *limits.quota, stagger::to_seconds(*limits.window));
}

std::vector<std::string> cells_of(const limits_key& key, const remembered_limits& limits) {
    return {key.endpoint,      key.model.empty() ? "-" : key.model,
            key.account,       std::string(to_string(limits.kind)),
            rate_of(limits),   limits.burst ? fmt::format("{:.0f}", *limits.burst) : "-",
            window_of(limits), format_age(current_date() - *limits.learned_at)};
}

std::string format_table(const limits_by_key& limits) {
    using kind = text_table::column::kind;
    text_table table({{"ENDPOINT", kind::words},
                      {"MODEL", kind::words},
                      {"ACCOUNT", kind::words},
                      {"KIND", kind::words},
                      {"RATE", kind::words},
                      {"BURST", kind::words},
                      {"WINDOW", kind::words},
                      {"LEARNED", kind::words}});
    for (const auto& [key, learned] : limits) table.add(cells_of(key, learned));
    return table.aligned();
}

std::string format_lines(const limits_by_key& limits) {
    std::string text;
    for (const auto& [key, value] : limits) {
        stagger::wire::object_writer line(text);
        line.string("endpoint", key.endpoint);
        line.string("account", key.account);
        line.string("model", key.model);
        stagger::wire::append_limits(line, value);
        line.close();
        text += '\n';
    }
    return text;
}

class limits_command final : public command {
 public:
    explicit limits_command(CLI::App& parser)
        : forget_(*parser.add_subcommand("forget", "Forget some, or all")) {
        parser.add_flag("--json", json_, "One JSON object a line");
        forget_.set_help_flag("-h,--help", "Print this help");
        forget_.add_option("--endpoint", endpoint_, "Those of this base URL")->type_name("URL");
        forget_.add_option("--model", model_, "Those of this model")->type_name("NAME");
        forget_.add_flag("--all", all_, "All of them");
    }

    exit_code run() override { return forget_.parsed() ? forget() : list(); }

 private:
    exit_code list() const {
        auto kept = state_file().read();
        if (kept.wrong) throw failure(exit_code::file_failed, kept.wrong->text);
        for (const std::string& each : kept.refused) console(false).error("left out: " + each);
        stagger::wire::drop_old(kept.limits, current_date());  // those are not started from any more
        if (json_) {
            write_standard_output(format_lines(kept.limits));
        } else if (kept.limits.empty()) {
            console(false).remark("no limits are remembered");
        } else {
            write_standard_output(format_table(kept.limits));
        }
        return exit_code::done;
    }

    exit_code forget() const {
        const bool some = endpoint_ || model_;
        if (some == all_) {
            throw failure(exit_code::wrong_usage,
                          "limits forget: say which, by --endpoint and --model, or --all");
        }
        std::optional<std::string> endpoint;
        try {
            if (endpoint_) endpoint = endpoint_name(*endpoint_);
        } catch (const std::invalid_argument& wrong) {
            throw failure(exit_code::wrong_usage, std::string("--endpoint: ") + wrong.what());
        }
        const auto file = state_file();
        // Only to forget everything may a file be replaced that nobody can read.
        const auto before = file.read();
        if (before.wrong && !(all_ && before.wrong->damaged)) {
            throw failure(exit_code::file_failed, before.wrong->text);
        }
        const auto matches = [&](const auto& entry) {
            return (!endpoint || entry.first.endpoint == *endpoint) &&
                   (!model_ || entry.first.model == *model_);
        };
        const bool has_others = all_ && !before.refused.empty();
        if (!before.wrong && !has_others &&
            std::none_of(before.limits.begin(), before.limits.end(), matches)) {
            console(false).error("nothing of that is remembered");
            return exit_code::some_failed;
        }
        const auto failed =
            file.update([&](limits_by_key& kept) { std::erase_if(kept, matches); }, current_date());
        if (failed) throw failure(exit_code::file_failed, failed->text);
        return exit_code::done;
    }

    CLI::App& forget_;
    bool json_ = false;
    std::optional<std::string> endpoint_;
    std::optional<std::string> model_;
    bool all_ = false;
};

}  // namespace

std::unique_ptr<command> make_limits_command(CLI::App& parser) {
    return std::make_unique<limits_command>(parser);
}

}  // namespace app
