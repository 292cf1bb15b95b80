#include "log.hpp"

#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "cli/exit_code.hpp"
#include "log_file.hpp"

namespace app {
namespace {

class console_sink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
    explicit console_sink(console& out) : out_(out) {}

 private:
    void sink_it_(const spdlog::details::log_msg& message) override {
        spdlog::memory_buf_t line;
        formatter_->format(message, line);
        out_.log({line.data(), line.size()});
    }
    void flush_() override {}

    console& out_;
};

/// Each line of a message is a line of the log.
void log_message(spdlog::logger& log, spdlog::level::level_enum level, std::string_view message) {
    while (!message.empty()) {
        const auto end = std::min(message.find('\n'), message.size());
        log.log(level, "{}", message.substr(0, end));
        message.remove_prefix(std::min(end + 1, message.size()));
    }
}

std::shared_ptr<spdlog::logger> make_file_log(console& out, spdlog::level::level_enum level,
                                              const std::string& file) {
    auto log = std::make_shared<spdlog::logger>("stagger", open_log_file(file, out));
    log->set_level(level == spdlog::level::off ? level : std::min(level, spdlog::level::info));
    log->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l: %v");
    out.also_tell([kept = std::weak_ptr(log)](console::weight weight, std::string_view message) {
        const auto written_as = weight == console::weight::error ? spdlog::level::err : spdlog::level::info;
        if (const auto logger = kept.lock()) log_message(*logger, written_as, message);
    });
    return log;
}

}  // namespace

std::shared_ptr<spdlog::logger> make_log(console& out, const std::string& level, const std::string& file) {
    constexpr std::array<std::string_view, 6> levels{"trace", "debug", "info", "warn", "error", "off"};
    if (std::find(levels.begin(), levels.end(), level) == levels.end()) {
        throw failure(exit_code::wrong_usage,
                      "--log-level: must be trace, debug, info, warn, error or off, is \"" + level + "\"");
    }
    const auto chosen = spdlog::level::from_str(level);
    if (file == "-") throw failure(exit_code::wrong_usage, "--log-file: must be a file, is \"-\"");
    if (!file.empty()) return make_file_log(out, chosen, file);
    auto log = std::make_shared<spdlog::logger>("stagger", std::make_shared<console_sink>(out));
    log->set_level(chosen);
    log->set_pattern("%H:%M:%S.%e %l: %v");
    return log;
}

}  // namespace app
