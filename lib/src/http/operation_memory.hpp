#pragma once

#include <array>
#include <cstddef>
#include <new>

namespace stagger {

/** @brief Memory for one operation of Asio's at a time.
 *
 * Asio keeps two blocks a thread for operations to come; with many connections at work, each beginning and
 * each end would go to the allocator. An operation has left its memory before its handler is called, and the
 * handler is what keeps whoever owns the memory.
 */
class operation_memory {
 public:
    operation_memory() = default;
    operation_memory(const operation_memory&) = delete;
    operation_memory& operator=(const operation_memory&) = delete;

    /// What a handler's `get_allocator` gives.
    template <class T>
    class allocator {
     public:
        using value_type = T;

        explicit allocator(operation_memory& memory) : memory_(&memory) {}
        template <class Other>
        // NOLINTNEXTLINE(google-explicit-constructor): what an allocator is rebound by
        allocator(const allocator<Other>& other) : memory_(other.memory_) {}

        T* allocate(std::size_t count) { return static_cast<T*>(memory_->take(count * sizeof(T))); }
        void deallocate(T* what, std::size_t) { memory_->give_back(what); }
        template <class Other>
        bool operator==(const allocator<Other>& other) const {
            return memory_ == other.memory_;
        }

     private:
        template <class Other>
        friend class allocator;
        operation_memory* memory_;
    };

 private:
    // As long as a read of a TLS stream; what is longer goes to the allocator.
    static constexpr std::size_t most_bytes = 320;

    void* take(std::size_t bytes) {
        if (taken_ || bytes > most_bytes) return ::operator new(bytes);
        taken_ = true;
        return room_.data();
    }
    void give_back(void* what) {
        if (what != room_.data()) return ::operator delete(what);
        taken_ = false;
    }

    alignas(std::max_align_t) std::array<std::byte, most_bytes> room_;
    bool taken_ = false;
};

}  // namespace stagger
