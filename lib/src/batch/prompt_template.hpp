#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace stagger::wire {

/** Text with places that each line of a prompt list fills in: "Translate to French: {text}".
 *
 * A place is a name in braces; a doubled brace is a brace.
 */
class prompt_template {
 public:
    /// The name of the one place that a line of plain text fills in.
    static constexpr std::string_view whole_line = "text";

    /// @throws std::invalid_argument naming what is wrong with it; one without any place would ask the same
    /// of every line
    explicit prompt_template(std::string_view text);

    bool has_place(std::string_view name) const;
    /// Names of the places in their order; one may come several times.
    std::vector<std::string> places() const;
    /// @param value what stands at a place of that name
    std::string fill(const std::function<std::string(const std::string& name)>& value) const;

 private:
    struct part {
        std::string text;  // before the place
        std::string name;  // empty: none, this is the end
    };
    std::vector<part> parts_;
};

}  // namespace stagger::wire
