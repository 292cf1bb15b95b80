#pragma once

#include <functional>

#include "batch/row.hpp"
#include "stagger/prompt_source.hpp"

namespace stagger::batch {

/// Prompts that can be looked over before they are taken, where they are in files that can be read again.
class listed_prompts : public prompt_source {
 public:
    /** Reads all of them from the beginning, without taking them. Before the first `read`.
     * @param use is called with each until it answers false
     * @return false where that cannot be: not regular files, or they cannot be read
     */
    virtual bool look_ahead(const std::function<bool(const row&)>& use) = 0;
    /// What `read` would make of a row of `look_ahead`.
    virtual batch_prompt interpret(const row& found) = 0;
    /// Tells how many there are, as `look_ahead` found out. Fewer are an error from then on.
    virtual void expect(std::size_t prompts) = 0;
};

}  // namespace stagger::batch
