#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

/** Reads XML as far as a picture needs it, and finds what keeps it from being well-formed: elements that do
 * not nest, attributes without quotes or given twice, stray & and <, characters that XML does not have.
 */
class xml_outline {
 public:
    explicit xml_outline(const std::string& text);

    /// Empty: well-formed.
    const std::string& problem() const { return problem_; }
    const std::string& root() const { return root_; }
    /// Elements with this attribute.
    std::size_t count(const std::string& attribute, const std::string& value) const;
    /// Whether an element has this text and nothing else.
    bool has_text(const std::string& text) const;

 private:
    class reader;

    std::string problem_;
    std::string root_;
    std::vector<std::pair<std::string, std::string>> attributes_;
    std::vector<std::string> texts_;
};
