#pragma once

#include <functional>
#include <type_traits>

/// Runs something in a process of its own and brings back what it answered.
namespace isolated {

/// @throws std::runtime_error if the process does not end with its whole answer
void run_raw(const std::function<void(void*)>& work, void* answer, unsigned long size);

template <class Answer>
Answer run(const std::function<Answer()>& work) {
    static_assert(std::is_trivially_copyable_v<Answer>);
    Answer answer{};
    run_raw([&](void* to) { *static_cast<Answer*>(to) = work(); }, &answer, sizeof answer);
    return answer;
}

}  // namespace isolated
