#include "log.hpp"

#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>

#include <array>
#include <string_view>

#include "cli/exit_code.hpp"

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

}  // namespace

std::shared_ptr<spdlog::logger> make_log(console& out, const std::string& level) {
    constexpr std::array<std::string_view, 6> levels{"trace", "debug", "info", "warn", "error", "off"};
    if (std::find(levels.begin(), levels.end(), level) == levels.end()) {
        throw failure(exit_code::wrong_usage,
                      "--log-level: must be trace, debug, info, warn, error or off, is \"" + level + "\"");
    }
    auto log = std::make_shared<spdlog::logger>("stagger", std::make_shared<console_sink>(out));
    log->set_level(spdlog::level::from_str(level));
    log->set_pattern("%H:%M:%S.%e %l: %v");
    return log;
}

}  // namespace app
