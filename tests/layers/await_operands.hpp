#pragma once

#include <vector>

#include "layers/source_tree.hpp"

namespace layers {

/** @brief Unnamed aggregates and capturing lambdas inside `co_await` expressions.
 *
 * g++ 12 destroys both twice. Text does not tell an aggregate from a class with constructors, so every braced
 * temporary counts, except those of `std::chrono`, which own nothing: naming it is never wrong. What stands
 * in the body of a lambda inside the expression runs elsewhere and is not looked at.
 */
std::vector<violation> unnamed_in_co_await(const source_file& file);

/// Operands of && and || in the condition of a loop that are awaited: g++ 12 awaits them also where the other
/// operand has decided already.
std::vector<violation> awaited_in_any_case(const source_file& file);

}  // namespace layers
