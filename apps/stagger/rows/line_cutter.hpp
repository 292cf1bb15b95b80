#pragma once

#include "row_cutter.hpp"
#include "stagger/prompt_source.hpp"

namespace app {

/// Lines as rows.
class line_cutter final : public row_cutter {
 public:
    std::span<char> prepare() override { return lines_.prepare(); }
    void commit(std::size_t count) override { lines_.commit(count); }
    void finish() override { lines_.finish(); }
    std::optional<stagger::batch::row> next() override {
        const auto found = lines_.next();
        if (!found) return std::nullopt;
        return stagger::batch::row_of(*found);
    }
    std::size_t count() const override { return lines_.lines(); }

 private:
    stagger::batch::line_splitter lines_{stagger::longest_prompt_line};
};

}  // namespace app
