#include "sim/replay.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <system_error>

#include "cli/commands.hpp"
#include "cli/output_file.hpp"
#include "records/decision_log.hpp"
#include "row_story.hpp"
#include "sending/decision_summary.hpp"
#include "terminal/console.hpp"

namespace app {
namespace {

std::string line_of(const std::optional<stagger::decision_record>& record, stagger::time_point origin,
                    const char* otherwise) {
    if (!record) return otherwise;
    std::string line;
    stagger::wire::append_decision_line(line, *record, origin);
    line.pop_back();
    return line;
}

class replay_command final : public command {
 public:
    explicit replay_command(CLI::App& parser) {
        parser.add_option("FILE", path_, "A decision log; - for standard input")->required();
        parser
            .add_option(
                "--why", why_,
                "Tell the story of one row instead, by its id or its line: why it waited, each attempt, "
                "its end")
            ->type_name("ID");
    }

    exit_code run() override {
        const bool standard = path_ == "-";
        const std::string name = standard ? "standard input" : path_;
        try {
            std::ios::sync_with_stdio(false);  // else a failing standard input looks like its end
            if (standard) return replay_all(std::cin, name);
            errno = 0;
            std::ifstream file(path_, std::ios::binary);
            if (!file) throw std::system_error(errno, std::generic_category());
            return replay_all(file, name);
        } catch (const std::invalid_argument& damaged) {
            throw failure(exit_code::file_failed, damaged.what());
        } catch (const std::system_error& unreadable) {
            throw failure(exit_code::file_failed, name + ": " + unreadable.code().message());
        }
    }

 private:
    exit_code replay_all(std::istream& text, const std::string& name) {
        stagger::wire::decision_log_reader log(text, name);
        if (!why_.empty()) return tell_story(log, name);
        stagger::sim::replay again(log.header().options, log.header().seed);
        decision_summary summary;
        while (const auto logged = log.next()) {
            summary.add(*logged);
            if (const auto different = again.step(*logged)) return tell(log, *different, name);
        }
        if (const auto different = again.finish()) return tell(log, *different, name);
        write_standard_output(summary.text() +
                              fmt::format("replayed: {} decisions, all the same\n", again.same()));
        return exit_code::done;
    }

    exit_code tell_story(stagger::wire::decision_log_reader& log, const std::string& name) const {
        row_story story(why_);
        while (const auto logged = log.next()) story.add(*logged);
        if (story.found()) {
            write_standard_output(story.text());
            return exit_code::done;
        }
        console(false).error(
            story.log_has_labels()
                ? fmt::format("{}: no row \"{}\" was sent; --why takes an id, or a line", name, why_)
                : name + ": does not say which row is which: batch logs do, since 0.2");
        return exit_code::some_failed;
    }

    static exit_code tell(const stagger::wire::decision_log_reader& log,
                          const stagger::sim::replay_difference& different, const std::string& name) {
        const auto origin = log.header().origin;
        console(false).error(fmt::format("{}:{}: the replay differs here\n  logged   {}\n  replayed {}", name,
                                         log.line(), line_of(different.logged, origin, "nothing"),
                                         line_of(different.replayed, origin, "nothing")));
        return exit_code::some_failed;
    }

    std::string path_;
    std::string why_;
};

}  // namespace

std::unique_ptr<command> make_replay_command(CLI::App& parser) {
    return std::make_unique<replay_command>(parser);
}

}  // namespace app
