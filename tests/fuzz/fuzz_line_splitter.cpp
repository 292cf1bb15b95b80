#include <algorithm>
#include <string>
#include <vector>

#include "batch/line_splitter.hpp"
#include "fuzz/fuzz_input.hpp"
#include "fuzz/property.hpp"
#include "fuzz/targets.hpp"

// Lines are the same however the bytes come, and are those that a plain search finds.

namespace stagger::fuzz {
namespace {

struct kept_line {
    std::string text;
    std::size_t number;
    std::uint64_t start;
    bool terminated;
    bool too_long;
    friend bool operator==(const kept_line&, const kept_line&) = default;
};
using kept_lines = std::vector<kept_line>;

kept_lines searched(std::string_view bytes, std::size_t longest) {
    kept_lines lines;
    std::size_t number = 0;
    for (std::size_t start = 0; start < bytes.size();) {
        const auto end = bytes.find('\n', start);
        const bool terminated = end != bytes.npos;
        std::string_view text = bytes.substr(start, terminated ? end - start : bytes.npos);
        const bool too_long = text.size() > longest;
        ++number;
        if (number == 1 && text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
        if (text.ends_with('\r')) text.remove_suffix(1);
        if (too_long) {
            lines.push_back({"", number, start, terminated, true});
        } else if (text.find_first_not_of(" \t\r") != text.npos) {
            lines.push_back({std::string(text), number, start, terminated, false});
        }
        start = terminated ? end + 1 : bytes.size();
    }
    return lines;
}

kept_lines split(std::string_view bytes, std::size_t longest, std::string_view pieces) {
    kept_lines lines;
    batch::line_splitter splitter(longest);
    const auto take_lines = [&] {
        while (const auto found = splitter.next())
            lines.push_back(
                {std::string(found->text), found->number, found->start, found->terminated, found->too_long});
    };
    std::size_t piece = 0;
    while (!bytes.empty()) {
        const auto room = splitter.prepare();
        require(!room.empty(), "there is room for more");
        const std::size_t wanted =
            static_cast<unsigned char>(pieces[piece++ % pieces.size()]) + std::size_t{1};
        const std::size_t count = std::min({wanted, room.size(), bytes.size()});
        std::copy_n(bytes.begin(), count, room.begin());
        bytes.remove_prefix(count);
        splitter.commit(count);
        take_lines();
    }
    splitter.prepare();
    splitter.finish();
    take_lines();
    return lines;
}

}  // namespace

void fuzz_line_splitter(std::string_view bytes) {
    fuzz_input input(bytes);
    const std::size_t longest = input.byte() % 64;
    const std::string_view pieces = input.take(4);
    if (pieces.empty()) return;
    const std::string_view text = input.rest();
    require(split(text, longest, pieces) == searched(text, longest), "the lines are those of a plain search");
}

}  // namespace stagger::fuzz
