#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

namespace stagger::wire {

/** @brief A value of a `json_document`, which it is a part of; text is where the parser found it.
 *
 * What an object or array contains stands behind it, in the order of the text, each as many nodes as it
 * spans.
 */
class json_node {
 public:
    enum class kind : unsigned char { null, boolean, integer, natural, real, string, array, object };

    /// Steps over the members of an object, or the elements of an array.
    class iterator {
     public:
        using iterator_category = std::forward_iterator_tag;
        using value_type = json_node;
        using difference_type = std::ptrdiff_t;
        using pointer = const json_node*;
        using reference = const json_node&;

        iterator() = default;
        explicit iterator(const json_node* at) : at_(at) {}
        reference operator*() const { return *at_; }
        pointer operator->() const { return at_; }
        iterator& operator++() { return at_ += at_->span_, *this; }
        iterator operator++(int) {
            const iterator before = *this;
            ++*this;
            return before;
        }
        friend bool operator==(const iterator&, const iterator&) = default;

     private:
        const json_node* at_ = nullptr;
    };

    bool is_null() const { return kind_ == kind::null; }
    bool is_bool() const { return kind_ == kind::boolean; }
    bool is_string() const { return kind_ == kind::string; }
    bool is_array() const { return kind_ == kind::array; }
    bool is_object() const { return kind_ == kind::object; }

    /// Its name in the object that it is a member of.
    std::string_view name() const { return name_; }
    /// @pre is_string()
    std::string_view text() const { return {value_.text, size_}; }
    /// @pre is_bool()
    bool boolean() const { return value_.boolean; }
    /// A whole number as it was written; nothing for anything else.
    std::optional<std::int64_t> integer() const;
    /// A number from 0 that is whole, however it was written; nothing for anything else.
    std::optional<std::uint64_t> natural() const;

    /// Empty for what contains nothing.
    iterator begin() const { return iterator(this + 1); }
    iterator end() const { return iterator(this + span_); }
    /// Of elements or members.
    std::size_t size() const { return static_cast<std::size_t>(std::distance(begin(), end())); }

 private:
    friend class json_tree_builder;

    std::string_view name_;
    union {
        const char* text;
        bool boolean;
        std::int64_t integer;
        std::uint64_t natural;
        double real;
    } value_{};
    std::size_t span_ = 1;    // nodes, this one included
    std::uint32_t size_ = 0;  // of text
    kind kind_ = kind::null;
};

/// The last member of that name, or null if there is none.
inline const json_node* member(const json_node& object, std::string_view name) {
    const json_node* found = nullptr;
    for (const json_node& one : object) {
        if (one.name() == name) found = &one;
    }
    return found;
}

/// @pre value.is_string()
inline std::string text_of(const json_node& value) {
    return std::string(value.text());
}

}  // namespace stagger::wire
