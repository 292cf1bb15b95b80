#pragma once

#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/// What a terminal shows of a text, as far as our program uses one: line ends, wrapping, moving up, erasing.
class screen {
 public:
    explicit screen(std::size_t columns) : columns_(columns) {}

    screen& put(std::string_view text) {
        while (!text.empty()) text.remove_prefix(text.front() == '\x1b' ? obey(text) : show(text.front()));
        return *this;
    }

    /// Its rows, each with a line end; empty ones at the end are left out.
    std::string text() const {
        auto last = rows_.size();
        while (last > 0 && rows_[last - 1].empty()) --last;
        std::string all;
        for (std::size_t row = 0; row < last; ++row) all += rows_[row] + '\n';
        return all;
    }

 private:
    std::size_t show(char each) {
        if (each == '\r') {
            column_ = 0;
        } else if (each == '\n') {
            down();
        } else {
            if (column_ == columns_) {
                down();
                column_ = 0;
            }
            auto& row = rows_[row_];
            row.resize(std::max(row.size(), column_ + 1), ' ');
            row[column_++] = each;
        }
        return 1;
    }

    void down() {
        if (++row_ == rows_.size()) rows_.emplace_back();
    }

    /// ESC [ number letter; how long it is.
    std::size_t obey(std::string_view text) {
        const auto end = text.find_first_not_of("0123456789;", 2);
        const auto number = end > 2 ? std::stoul(std::string(text.substr(2, end - 2))) : 1;
        switch (text[end]) {
            case 'A':
                row_ -= std::min(row_, number);
                break;
            case 'J':
                rows_.resize(row_ + 1);
                [[fallthrough]];
            case 'K':
                rows_[row_].resize(std::min(rows_[row_].size(), column_));
                break;
            case 'm':  // a colour takes no room
                break;
            default:
                throw std::runtime_error("a terminal was told what a test does not know");
        }
        return end + 1;
    }

    std::size_t columns_;
    std::vector<std::string> rows_ = {""};
    std::size_t row_ = 0;
    std::size_t column_ = 0;
};
