#include "fairness/class_turns.hpp"

#include <algorithm>

namespace stagger::fairness {

priority class_turns::next(const by_class<bool>& ready) {
    const flow* chosen = nullptr;
    priority found = priority::normal;
    for (const priority one : priorities) {
        flow& its = flows_[one];
        if (ready[one] && !its.active) its.start = std::max(virtual_time_, its.finish);
        its.active = ready[one];
        if (!its.active || (chosen && chosen->start <= its.start)) continue;
        chosen = &its;
        found = one;
    }
    return found;
}

void class_turns::sent(priority one, double cost) {
    flow& its = flows_[one];
    virtual_time_ = std::max(virtual_time_, its.active ? its.start : its.finish);
    its.finish = virtual_time_ + cost / weights_[one];
    its.start = its.finish;
}

void class_turns::settle(priority one, double further) {
    flow& its = flows_[one];
    its.finish += further / weights_[one];
    its.start += further / weights_[one];
}

}  // namespace stagger::fairness
