#include "result_index.hpp"

#include <fcntl.h>

#include <algorithm>

#include "base/utf8.hpp"
#include "batch/batch_line.hpp"
#include "batch/line_splitter.hpp"
#include "cli/exit_code.hpp"

namespace app {
namespace {

namespace batch = stagger::batch;

// As a batch reads its own results.
constexpr std::size_t longest_result_line = 512 * 1024 * 1024;
// Bounds what a damaged line number can make of the index: 1 GiB, as a list of so many lines would need.
constexpr std::size_t largest_line_number = std::size_t{1} << 28;

[[noreturn]] void fail(const std::string& path, const std::string& problem) {
    throw failure(exit_code::file_failed, path + ": " + problem);
}

// It is no part of the first line, and counted where that begins.
bool begins_with_mark(int file) {
    std::string begin(stagger::wire::byte_order_mark.size(), '\0');
    const auto got = ::pread(file, begin.data(), begin.size(), 0);
    return got == static_cast<ssize_t>(begin.size()) && begin == stagger::wire::byte_order_mark;
}

}  // namespace

result_index::result_index(const std::vector<std::string>& paths) {
    for (const auto& path : paths) {
        batch::file_handle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        if (!file) fail(path, batch::system_failure().message());
        files_.push_back({path, std::move(file)});
        read(static_cast<std::uint32_t>(files_.size() - 1));
    }
}

void result_index::read(std::uint32_t file) {
    const auto& from = files_[file];
    batch::line_splitter lines(longest_result_line);
    const auto mark = begins_with_mark(from.file.get()) ? stagger::wire::byte_order_mark.size() : 0;
    off_t offset = 0;
    for (bool ended = false; !ended;) {
        const auto room = lines.prepare();
        const auto got = ::pread(from.file.get(), room.data(), room.size(), offset);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) fail(from.path, batch::system_failure().message());
        if (got == 0) lines.finish();
        ended = got == 0;
        lines.commit(static_cast<std::size_t>(got));
        offset += got;
        while (const auto found = lines.next()) {
            const auto result =
                found->too_long ? std::nullopt : stagger::wire::parse_result_line(found->text);
            if (!result && !found->terminated) return;
            if (!result) fail(from.path, "line " + std::to_string(found->number) + " is not a result");
            entry one;
            one.offset = found->start + (found->number == 1 ? mark : 0);
            one.length = static_cast<std::uint32_t>(found->text.size());
            one.file = file;
            if (result->origin && result->origin->line <= largest_line_number) {
                one.line = result->origin->line;
                one.line_hash = result->origin->line_hash;
                format_ = result->origin->format;
                separator_ = result->origin->separator;
            }
            entries_.push_back(one);
        }
    }
}

std::string result_index::text(const entry& one) const {
    const auto& from = files_[one.file];
    std::string text(one.length, '\0');
    for (std::size_t held = 0; held < text.size();) {
        const auto got = ::pread(from.file.get(), text.data() + held, text.size() - held,
                                 static_cast<off_t>(one.offset + held));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) fail(from.path, batch::system_failure().message());
        if (got == 0) fail(from.path, "became shorter while it was read");
        held += static_cast<std::size_t>(got);
    }
    return text;
}

std::string result_index::place(const entry& one) const {
    return files_[one.file].path + ", at byte " + std::to_string(one.offset);
}

void result_index::order_by_line() {
    std::stable_sort(entries_.begin(), entries_.end(), [](const entry& a, const entry& b) {
        return std::pair(a.file, a.line) < std::pair(b.file, b.line);
    });
}

void result_index::refuse_second(const entry& first, const entry& second) const {
    const auto of = second.line > 0 ? "line " + std::to_string(second.line)
                                    : "\"" + stagger::wire::parse_result_line(text(second))->custom_id + "\"";
    throw failure(exit_code::wrong_usage,
                  of + " is answered twice: " + place(first) + ", and " + place(second));
}

void result_index::index_rows() {
    for (std::size_t index = 0; index < entries_.size(); ++index) {
        const auto& one = entries_[index];
        const auto number = static_cast<std::uint32_t>(index + 1);
        if (one.line > 0) {
            if (by_line_.size() <= one.line) by_line_.resize(one.line + 1);
            auto& known = by_line_[one.line];
            if (known > 0) refuse_second(entries_[known - 1], one);
            known = number;
            continue;
        }
        const auto [known, fresh] =
            by_id_.emplace(stagger::wire::parse_result_line(text(one))->custom_id, number);
        if (!fresh) refuse_second(entries_[known->second - 1], one);
    }
}

const result_index::entry* result_index::of_row(std::size_t line, const std::string& id) const {
    if (line < by_line_.size() && by_line_[line] > 0) return &entries_[by_line_[line] - 1];
    const auto known = by_id_.find(id);
    return known == by_id_.end() ? nullptr : &entries_[known->second - 1];
}

}  // namespace app
