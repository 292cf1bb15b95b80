#include "batch/existing_results.hpp"

#include <unistd.h>

#include "batch/file_handle.hpp"
#include "batch/line_splitter.hpp"
#include "batch/write_all.hpp"
#include "wire/batch_line.hpp"

namespace stagger::batch {
namespace {

// An answer's body is bounded at 64 MiB by default and may grow by escaping; no line of ours is longer.
constexpr std::size_t longest_result_line = 512 * 1024 * 1024;
constexpr std::size_t copy_block_bytes = 256 * 1024;

// A killed run leaves the beginning of a line. Anything else at the end of a file is not ours to cut.
bool begins_like_a_result(std::string_view text) {
    constexpr std::string_view beginning = R"({"id":)";
    return text.starts_with(beginning) || beginning.starts_with(text);
}

// Calls `use(line)` for every line until it answers false.
template <class Use>
bool for_each_line(int file, std::string& problem, Use use) {
    line_splitter lines(longest_result_line);
    off_t offset = 0;
    for (bool ended = false; !ended;) {
        const auto room = lines.prepare();
        const auto got = ::pread(file, room.data(), room.size(), offset);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            problem = system_failure().message();
            return false;
        }
        if (got == 0) lines.finish();
        ended = got == 0;
        lines.commit(static_cast<std::size_t>(got));
        offset += got;
        while (const auto found = lines.next()) {
            if (!use(*found)) return false;
        }
    }
    return true;
}

}  // namespace

std::optional<existing_results> read_existing_results(int file, std::string& problem) {
    existing_results found;
    const auto use = [&](const line& each) {
        const auto result = each.too_long ? std::nullopt : wire::parse_result_line(each.text);
        if (!result) {
            const bool torn = !each.terminated && begins_like_a_result(each.text);
            if (torn) found.torn_at = each.start;
            if (!torn)
                problem = "line " + std::to_string(each.number) + " is not a result, so this is left alone";
            return torn;
        }
        if (result->succeeded) {
            found.answered.insert(result->custom_id);
        } else {
            ++found.failed;
        }
        found.lacks_line_end = !each.terminated;
        return true;
    };
    if (!for_each_line(file, problem, use)) return std::nullopt;
    return found;
}

bool copy_answered(int from, int to, std::string& problem) {
    std::string block;
    const auto flush = [&] {
        const auto failed = write_all(to, block);
        block.clear();
        if (failed) problem = failed.message();
        return !failed;
    };
    const auto use = [&](const line& each) {
        const auto result = wire::parse_result_line(each.text);
        if (!result || !result->succeeded) return true;
        block.append(each.text).push_back('\n');
        return block.size() < copy_block_bytes || flush();
    };
    return for_each_line(from, problem, use) && flush();
}

}  // namespace stagger::batch
