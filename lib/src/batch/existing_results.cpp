#include "batch/existing_results.hpp"

#include <unistd.h>

#include <cstdint>

#include "batch/batch_line.hpp"
#include "batch/file_handle.hpp"
#include "batch/line_splitter.hpp"
#include "batch/write_all.hpp"
#include "json/json_text.hpp"

namespace stagger::batch {
namespace {

// An answer's body is bounded at 64 MiB by default and may grow by escaping; no line of ours is longer.
constexpr std::size_t longest_result_line = 512 * 1024 * 1024;
constexpr std::size_t copy_block_bytes = 256 * 1024;

// As every line of ours begins. Anything else at the end of a file is not ours to cut.
bool begins_like_a_result(std::string_view text) {
    constexpr std::string_view beginning = R"({"id":"batch_req_)";
    constexpr std::string_view digits = "0123456789abcdef";
    constexpr std::size_t id_digits = 16;
    constexpr std::string_view behind = R"(","custom_id":")";
    if (text.size() < beginning.size()) return beginning.starts_with(text);
    if (!text.starts_with(beginning)) return false;
    text.remove_prefix(beginning.size());
    const auto id = text.substr(0, id_digits);
    if (id.find_first_not_of(digits) != std::string_view::npos) return false;
    text.remove_prefix(id.size());
    return text.size() < behind.size() ? behind.starts_with(text) : text.starts_with(behind);
}

// A killed run leaves the beginning of a line. What is whole, and yet no result, is somebody else's.
bool is_torn_result(std::string_view text) {
    return begins_like_a_result(text) && wire::json_problem(text, SIZE_MAX);
}

// After a crash of the machine, blocks that were not written yet read as zeros. What stands behind them was
// never promised to anybody.
bool was_never_written(std::string_view text) {
    const auto zero = text.find('\0');
    return zero != std::string_view::npos && begins_like_a_result(text.substr(0, zero));
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

std::optional<existing_results> read_existing_results(int file, const reading_results& how,
                                                      std::string& problem) {
    existing_results found;
    found.recorded = recorded_prompts(how.by_id);
    std::size_t whole = 0;
    const auto use = [&](const line& each) {
        auto result = each.too_long ? std::nullopt : wire::parse_result_line(each.text);
        if (!result) {
            const bool torn = (!each.terminated && is_torn_result(each.text)) ||
                              (whole > 0 && was_never_written(each.text));
            if (torn) found.torn_at = each.start;
            if (!torn)
                problem = "line " + std::to_string(each.number) + " is not a result, so this is left alone";
            return false;
        }
        ++whole;
        if (!result->succeeded) ++found.failed;
        if (result->succeeded || how.failed_are_recorded) {
            found.recorded.insert(result->custom_id, result->origin);
            const bool same = !result->origin || result->origin->parameters == how.parameters;
            if (!same && found.other_parameters == 0) found.other_parameters = each.number;
        }
        found.lacks_line_end = !each.terminated;
        return true;
    };
    for_each_line(file, problem, use);
    if (!problem.empty()) return std::nullopt;
    found.recorded.seal();
    return found;
}

std::vector<std::optional<std::uint64_t>> recorded_hashes(int file, const line_sums::range& lines) {
    std::vector<std::optional<std::uint64_t>> hashes(lines.last - lines.first + 1);
    std::string ignored;
    const auto use = [&](const line& each) {
        const auto result = wire::parse_result_line(each.text);
        if (!result || !result->origin) return true;
        const auto number = result->origin->line;
        if (number >= lines.first && number <= lines.last && !hashes[number - lines.first])
            hashes[number - lines.first] = result->origin->line_hash;
        return true;
    };
    for_each_line(file, ignored, use);
    return hashes;
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
