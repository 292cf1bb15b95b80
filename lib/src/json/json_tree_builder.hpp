#pragma once

#include <boost/json/error.hpp>
#include <boost/json/string_view.hpp>
#include <cstddef>
#include <cstdint>
#include <forward_list>
#include <functional>
#include <memory_resource>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "json/json_node.hpp"
#include "stagger/error.hpp"

namespace stagger::wire {

/** @brief Takes the events of a `boost::json::basic_parser` and puts down the nodes of a document.
 *
 * A tree of `boost::json::value` costs twice as much as parsing: each string is copied twice, and each object
 * is built on a stack and then moved. An answer is read once.
 *
 * What lies deeper than `deepest_node` is parsed and not put down: it is the larger part of an answer with
 * log probabilities, and nobody reads it. More than `most_nodes` end parsing with errc::answer_too_large: a
 * node takes twenty times the memory of the two bytes that make one, and thrice that while their list grows.
 */
class json_tree_builder {
 public:
    using code = boost::system::error_code;
    using piece = boost::json::string_view;
    // As those of boost::json::parser; what a node says of its text fits.
    static constexpr std::size_t max_string_size = 0x7ffffffe;
    static constexpr std::size_t max_key_size = max_string_size;
    static constexpr std::size_t max_array_size = max_string_size;
    static constexpr std::size_t max_object_size = max_string_size;
    /// The text of one part of a message: choices, 0, message, content, 0, text.
    static constexpr std::size_t deepest_node = 6;
    /// Google's quotas: 0, error, details, 0, violations, 0, quotaId.
    static constexpr std::size_t deepest_of_an_error = 7;
    /// Embeddings: data, 0, index.
    static constexpr std::size_t deepest_of_a_list = 3;
    /// 80 MiB, and 240 MiB at most on the way there. An answer has up to 25 nodes for each of its tokens,
    /// with the log probabilities of others.
    static constexpr std::size_t most_nodes = std::size_t{1} << 21;

    json_tree_builder(std::string_view text, std::pmr::vector<json_node>& nodes,
                      std::forward_list<std::string>& unescaped, std::size_t deepest)
        : text_(text), nodes_(nodes), unescaped_(unescaped), deepest_(deepest) {}

    bool on_document_begin(code&) { return true; }
    bool on_document_end(code&) { return true; }
    bool on_array_begin(code& error) { return open(json_node::kind::array, error); }
    bool on_array_end(std::size_t, code&) { return close(); }
    bool on_object_begin(code& error) { return open(json_node::kind::object, error); }
    bool on_object_end(std::size_t, code&) { return close(); }
    bool on_string_part(piece part, std::size_t, code&) { return keep_part(part); }
    bool on_string(piece last, std::size_t, code& error) {
        if (is_too_deep()) return true;
        const std::string_view text = whole(last);
        json_node* const node = add(json_node::kind::string, error);
        if (!node) return false;
        node->value_.text = text.data();
        node->size_ = static_cast<std::uint32_t>(text.size());
        return true;
    }
    bool on_key_part(piece part, std::size_t, code&) { return keep_part(part); }
    bool on_key(piece last, std::size_t, code&) {
        if (!is_too_deep()) name_ = whole(last);
        return true;
    }
    bool on_number_part(piece, code&) { return true; }
    bool on_int64(std::int64_t value, piece, code& error) {
        json_node* const node = add(json_node::kind::integer, error);
        if (node) node->value_.integer = value;
        return !error;
    }
    bool on_uint64(std::uint64_t value, piece, code& error) {
        json_node* const node = add(json_node::kind::natural, error);
        if (node) node->value_.natural = value;
        return !error;
    }
    bool on_double(double value, piece, code& error) {
        json_node* const node = add(json_node::kind::real, error);
        if (node) node->value_.real = value;
        return !error;
    }
    bool on_bool(bool value, code& error) {
        json_node* const node = add(json_node::kind::boolean, error);
        if (node) node->value_.boolean = value;
        return !error;
    }
    bool on_null(code& error) {
        add(json_node::kind::null, error);
        return !error;
    }
    bool on_comment_part(piece, code&) { return true; }
    bool on_comment(piece, code&) { return true; }

 private:
    bool is_too_deep() const { return depth_ > deepest_; }
    /// Null for what is not put down.
    json_node* add(json_node::kind kind, code& error) {
        if (is_too_deep()) return nullptr;
        if (nodes_.size() == most_nodes) {
            error = errc::answer_too_large;
            return nullptr;
        }
        json_node& node = nodes_.emplace_back();
        node.name_ = std::exchange(name_, {});
        node.kind_ = kind;
        return &node;
    }
    // What is open has the number of what contains it where its span will be.
    bool open(json_node::kind kind, code& error) {
        if (json_node* const node = add(kind, error)) node->span_ = std::exchange(open_, nodes_.size() - 1);
        ++depth_;
        return !error;
    }
    bool close() {
        --depth_;
        if (is_too_deep()) return true;
        json_node& node = nodes_[open_];
        const std::size_t self = std::exchange(open_, node.span_);
        node.span_ = nodes_.size() - self;
        return true;
    }

    bool keep_part(piece part) {
        if (!is_too_deep()) parts_.append(part.data(), part.size());
        return true;
    }
    /// A string whose last piece this is. The parser hands on a piece of its own memory where it had to
    /// remove escapes.
    std::string_view whole(piece last) {
        const std::less_equal<const char*> not_behind;
        const bool in_text = not_behind(text_.data(), last.data()) &&
                             not_behind(last.data() + last.size(), text_.data() + text_.size());
        if (in_text && parts_.empty()) return {last.data(), last.size()};
        keep_part(last);
        return unescaped_.emplace_front(std::exchange(parts_, {}));
    }

    std::string_view text_;
    std::pmr::vector<json_node>& nodes_;
    std::forward_list<std::string>& unescaped_;
    std::string_view name_;  // of the next node
    std::string parts_;      // of a string that has not come to its end
    std::size_t open_ = 0;   // the innermost object or array that has not come to its end
    std::size_t deepest_;
    std::size_t depth_ = 0;  // of the next node: how many are open
};

}  // namespace stagger::wire
