#include "edit_distance.hpp"

#include <algorithm>
#include <utility>

#include "base/decimal.hpp"

namespace app {
namespace {

// Longer words are no names that anybody types.
constexpr std::size_t longest_word = 80;

bool same(char left, char right) {
    return stagger::wire::ascii_lower(left) == stagger::wire::ascii_lower(right);
}

}  // namespace

std::size_t edit_distance(std::string_view left, std::string_view right) {
    // Rows of the table of distances between the beginnings of both; a swap looks two rows back.
    std::vector<std::size_t> before(right.size() + 1);
    std::vector<std::size_t> last(right.size() + 1);
    std::vector<std::size_t> row(right.size() + 1);
    for (std::size_t j = 0; j <= right.size(); ++j) last[j] = j;
    for (std::size_t i = 1; i <= left.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= right.size(); ++j) {
            const std::size_t mistaken = last[j - 1] + (same(left[i - 1], right[j - 1]) ? 0 : 1);
            row[j] = std::min({mistaken, last[j] + 1, row[j - 1] + 1});
            const bool swapped =
                i > 1 && j > 1 && same(left[i - 1], right[j - 2]) && same(left[i - 2], right[j - 1]);
            if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
        }
        std::swap(before, last);
        std::swap(last, row);
    }
    return last[right.size()];
}

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& known) {
    if (word.empty() || word.size() > longest_word) return std::nullopt;
    std::optional<std::string> found;
    std::size_t least = std::max<std::size_t>(1, word.size() / 3) + 1;
    for (const auto& each : known) {
        if (each.size() > longest_word) continue;
        const auto distance = edit_distance(word, each);
        // What shares no character with the word is not what it was meant to be.
        if (distance >= least || distance >= std::max(word.size(), each.size())) continue;
        least = distance;
        found = each;
    }
    return found;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& known) {
    const auto meant = nearest(word, known);
    return meant ? "; did you mean " + *meant + "?" : "";
}

std::string or_there_are(std::string_view word, const std::vector<std::string>& known,
                         const std::string& listed) {
    const auto meant = did_you_mean(word, known);
    return meant + (meant.empty() ? "; there are: " : " There are: ") + listed;
}

}  // namespace app
