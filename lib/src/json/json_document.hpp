#pragma once

#include <array>
#include <cstddef>
#include <forward_list>
#include <memory_resource>
#include <string>
#include <string_view>
#include <vector>

#include "json/json_node.hpp"

namespace stagger::wire {

/** @brief A parsed JSON text, to be read and not changed.
 *
 * Bounded by `max_json_depth` and `json_tree_builder::most_nodes`; what is deeper than
 * `deepest` is left out. Of duplicate members the last counts. What is no JSON and
 * yet read by others is read as `as_others_read` has it. Else not JSON: an empty document with a problem. Its
 * nodes refer to the text, which must outlive it, and copy only what has escapes.
 */
class json_document {
 public:
    /// As json_tree_builder has it: what an answer needs, what an error that is wrapped needs, and what a
    /// list of objects needs, of which each may contain thousands of numbers.
    enum class deepest { of_an_answer, of_an_error, of_a_list };

    explicit json_document(std::string_view text, deepest kept = deepest::of_an_answer);
    json_document(const json_document&) = delete;
    json_document& operator=(const json_document&) = delete;

    /// The root, if it is an object; else null.
    const json_node* object() const;
    /// The root, whatever it is; null where the text is not JSON.
    const json_node* root() const { return problem_.empty() ? &nodes_.front() : nullptr; }
    /// "syntax error", "incomplete JSON", ...; empty for JSON of any kind.
    const std::string& problem() const { return problem_; }
    /// The problem is that the text ends too early.
    bool is_incomplete() const { return incomplete_; }
    /// The problem is that it has more values than are put down.
    bool is_too_large() const { return too_large_; }
    /// The problem is that it is nested deeper than is read: it may be JSON all the same.
    bool is_too_deep() const { return too_deep_; }

 private:
    void parse(std::string_view text, deepest kept);

    // As many nodes as an ordinary answer has, with some to spare, so that it is read without any allocation.
    static constexpr std::size_t usual_nodes = 24;

    alignas(json_node) std::array<std::byte, usual_nodes * sizeof(json_node)> first_block_;
    std::pmr::monotonic_buffer_resource memory_;
    std::pmr::vector<json_node> nodes_;  // the root is the first
    std::forward_list<std::string> unescaped_;
    std::string exchanged_;  // the text, where it was read as others do
    std::string problem_;
    bool incomplete_ = false;
    bool too_large_ = false;
    bool too_deep_ = false;
};

}  // namespace stagger::wire
