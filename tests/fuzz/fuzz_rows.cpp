#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "base/utf8.hpp"
#include "fuzz/fuzz_input.hpp"
#include "fuzz/property.hpp"
#include "fuzz/targets.hpp"
#include "rows/array_cutter.hpp"
#include "rows/table_cutter.hpp"

// Tables and arrays are cut into the same rows however their bytes come.

namespace stagger::fuzz {
namespace {

constexpr std::size_t longest = 200;

std::unique_ptr<app::row_cutter> cutter_of(std::uint8_t choice) {
    if (choice % 4 == 0) return std::make_unique<app::array_cutter>(longest);
    constexpr std::string_view separators = ",\t;";
    return std::make_unique<app::table_cutter>(separators[choice % 4 - std::size_t{1}], longest);
}

std::string shown(const batch::row& one) {
    std::string text = std::to_string(one.number) + (one.too_long ? "!" : ":") + std::string(one.text) + '|' +
                       one.problem + '|' + std::to_string(one.context);
    if (one.cells) {
        for (const std::string& cell : *one.cells) text += '<' + cell + '>';
    }
    return text;
}

std::vector<std::string> read(std::uint8_t choice, std::string_view bytes, std::size_t piece) {
    const auto cutter = cutter_of(choice);
    std::vector<std::string> rows;
    std::size_t last = 0;
    const auto take = [&] {
        while (const auto one = cutter->next()) {
            require(one->number > last, "numbers go up");
            require(one->number <= cutter->count(), "a number was given out");
            require(one->text.size() <= longest, "a row keeps its bound");
            require(!one->cells || (one->columns && one->cells->size() <= one->columns->size()),
                    "a cell has a column");
            last = one->number;
            rows.push_back(shown(*one));
        }
    };
    while (!bytes.empty()) {
        const auto room = cutter->prepare();
        require(!room.empty(), "there is room for more");
        const std::size_t count = std::min({piece, room.size(), bytes.size()});
        std::copy_n(bytes.begin(), count, room.begin());
        bytes.remove_prefix(count);
        cutter->commit(count);
        take();
    }
    cutter->finish();
    take();
    return rows;
}

}  // namespace

void fuzz_rows(std::string_view bytes) {
    fuzz_input input(bytes);
    const std::uint8_t choice = input.byte();
    const std::size_t piece = input.byte() % 32 + std::size_t{1};
    const std::string_view file = input.rest();
    const auto at_once = read(choice, file, file.size());
    require(at_once == read(choice, file, piece), "rows do not depend on the pieces");
}

}  // namespace stagger::fuzz
