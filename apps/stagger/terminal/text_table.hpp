#pragma once

#include <string>
#include <vector>

namespace app {

/// Rows of figures under titles: words to the left, numbers to the right.
class text_table {
 public:
    struct column {
        std::string title;
        enum class kind { words, number } holds = kind::number;
    };

    explicit text_table(std::vector<column> columns) : columns_(std::move(columns)) {}

    /// @pre as many cells as columns; UTF-8
    void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
    bool empty() const { return rows_.empty(); }

    /// Aligned for a terminal.
    std::string aligned() const;
    /// The same for a page of documentation.
    std::string markdown() const;

 private:
    std::vector<column> columns_;
    std::vector<std::vector<std::string>> rows_;
};

}  // namespace app
