#include "text_file.hpp"

#include <fcntl.h>

#include "batch/file_handle.hpp"
#include "exit_code.hpp"
#include "stagger/prompt_source.hpp"

namespace app {

std::string read_text_file(const std::string& path) {
    constexpr std::size_t block_bytes = 64 * 1024;
    const stagger::batch::file_handle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::string text;
    for (;;) {
        const auto held = text.size();
        text.resize(held + block_bytes);
        const auto got = file ? ::read(file.get(), text.data() + held, block_bytes) : -1;
        if (got < 0 && file && errno == EINTR) {
            text.resize(held);
            continue;
        }
        if (got < 0)
            throw failure(exit_code::file_failed, path + ": " + stagger::batch::system_failure().message());
        text.resize(held + static_cast<std::size_t>(got));
        if (got == 0) break;
        if (text.size() > stagger::longest_prompt_line)
            throw failure(exit_code::wrong_usage, path + ": has more than 16 MiB");
    }
    if (text.ends_with('\n')) text.pop_back();
    if (text.ends_with('\r')) text.pop_back();
    return text;
}

}  // namespace app
