#include "net/turnstile.hpp"

#include <algorithm>
#include <utility>

namespace stagger::detail {

turnstile::answer turnstile::ask(std::uint64_t alike) {
    const auto found = kinds_.find(alike);
    if (found == kinds_.end()) return answer::goes;
    if (found->second.refused) return answer::refused;
    return std::exchange(found->second.one_may_go, false) ? answer::chosen : answer::waits;
}

void turnstile::wait(const void* who, std::uint64_t alike, std::size_t bytes, call told) {
    waiting_.push_back({who, alike, bytes, std::move(told)});
}

bool turnstile::forget(const void* who) {
    return std::erase_if(waiting_, [who](const guest& one) { return one.who == who; }) > 0;
}

void turnstile::hold(std::uint64_t alike) {
    kinds_[alike] = {};
}

// The smallest: where a quota is too small for some, it is the most likely to pass.
void turnstile::let_one(std::uint64_t alike) {
    const auto held = kinds_.find(alike);
    if (held == kinds_.end() || held->second.refused) return;
    const auto smaller = [alike](const guest& left, const guest& right) {
        return std::pair(left.alike != alike, left.bytes) < std::pair(right.alike != alike, right.bytes);
    };
    const auto smallest = std::min_element(waiting_.begin(), waiting_.end(), smaller);
    if (smallest == waiting_.end() || smallest->alike != alike) {
        held->second.one_may_go = true;
        return;
    }
    const call told = std::move(smallest->told);
    waiting_.erase(smallest);
    told(answer::chosen);
}

void turnstile::release(std::uint64_t alike) {
    kinds_.erase(alike);
    call_all(alike, answer::goes);
}

void turnstile::refuse(std::uint64_t alike) {
    kinds_[alike] = {true, false};
    call_all(alike, answer::refused);
}

void turnstile::release_all() {
    kinds_.clear();
    for (const guest& one : std::exchange(waiting_, {})) one.told(answer::goes);
}

// Apart first: whoever is called may come again.
void turnstile::call_all(std::uint64_t alike, answer what) {
    const auto first = std::stable_partition(waiting_.begin(), waiting_.end(),
                                             [alike](const guest& one) { return one.alike != alike; });
    std::vector<guest> called(std::make_move_iterator(first), std::make_move_iterator(waiting_.end()));
    waiting_.erase(first, waiting_.end());
    for (const guest& one : called) one.told(what);
}

}  // namespace stagger::detail
