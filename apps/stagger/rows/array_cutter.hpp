#pragma once

#include <string>

#include "row_cutter.hpp"
#include "stagger/prompt_source.hpp"

namespace app {

/** The elements of one JSON array, numbered from 1.
 *
 * It finds where elements end, no more: whether each is JSON is for who reads it. Where that cannot be told
 * any more, the last row has a `problem`.
 */
class array_cutter final : public row_cutter {
 public:
    explicit array_cutter(std::size_t longest_element = stagger::longest_prompt_line)
        : longest_(longest_element) {}

    std::span<char> prepare() override;
    void commit(std::size_t count) override { buffer_.resize(filled_ += count); }
    void finish() override { finished_ = true; }
    std::optional<stagger::batch::row> next() override;
    std::size_t count() const override { return elements_; }

 private:
    enum class place { before, between, inside, behind, lost };

    std::optional<stagger::batch::row> step(char character);
    std::optional<stagger::batch::row> element(std::size_t end);
    std::optional<stagger::batch::row> lost(std::string problem);
    void track(char character);

    std::size_t longest_;
    std::string buffer_;
    std::size_t filled_ = 0;
    std::size_t at_ = 0;     // the byte that is looked at next
    std::size_t begin_ = 0;  // of the element that is open
    place place_ = place::before;
    bool comma_ = false;  // the last thing between elements was one
    bool too_long_ = false;
    bool in_string_ = false;
    bool escaped_ = false;
    bool finished_ = false;
    std::size_t depth_ = 0;
    std::size_t elements_ = 0;
};

}  // namespace app
