#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace stagger {

/** @brief Values in one vector, found by keys that are never given twice.
 *
 * A key is the place in the vector and how often that place has been used before; places of erased values are
 * used again through a free list. Insert, find and erase take constant time, and memory follows the largest
 * number of values held at once.
 */
template <class Value>
class slot_map {
 public:
    using key = std::uint64_t;
    using place = std::uint32_t;
    static constexpr place none = 0xffffffff;

    /// Makes insertions up to this size ones that cannot fail.
    void reserve(std::size_t size) {
        if (size > slots_.capacity()) slots_.reserve(std::max(size, 2 * slots_.capacity()));
    }

    key insert(const Value& value) {
        place at = first_free_;
        if (at == none) {
            at = static_cast<place>(slots_.size());
            slots_.push_back(slot{value, 1, in_use});
        } else {
            first_free_ = std::exchange(slots_[at].next_free, in_use);
            slots_[at].value = value;
        }
        ++size_;
        return key_of(at);
    }

    /// Null for a key whose value has been erased.
    Value* find(key which) {
        const place at = place_of(which);
        if (at >= slots_.size() || slots_[at].next_free != in_use || slots_[at].uses != which >> 32) {
            return nullptr;
        }
        return &slots_[at].value;
    }
    const Value* find(key which) const { return const_cast<slot_map*>(this)->find(which); }

    void erase(key which) {
        if (find(which)) erase_at(place_of(which));
    }
    /// Erases the value at a place that is in use. It stays readable there until the next insertion.
    void erase_at(place where) {
        slot& gone = slots_[where];
        ++gone.uses;
        gone.next_free = std::exchange(first_free_, where);
        --size_;
    }

    Value& at(place where) { return slots_[where].value; }
    const Value& at(place where) const { return slots_[where].value; }
    static place place_of(key which) { return static_cast<place>(which & 0xffffffffu); }
    key key_of(place where) const { return std::uint64_t{slots_[where].uses} << 32 | where; }
    std::size_t size() const { return size_; }
    /// Places ever used: every key's place is below.
    std::size_t places() const { return slots_.size(); }

 private:
    struct slot {
        Value value;
        std::uint32_t uses;
        place next_free;  // or that it is `in_use`
    };
    static constexpr place in_use = none - 1;

    std::vector<slot> slots_;
    place first_free_ = none;
    std::size_t size_ = 0;
};

}  // namespace stagger
