#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stagger::wire {

/// Words that must not be repeated in any message, log or result: keys, and the values of headers that carry
/// one.
class secrets {
 public:
    secrets() = default;
    /// An API key alone; may be empty.
    template <class Text>
    requires std::convertible_to<const Text&, std::string_view> secrets(const Text& api_key) { add(api_key); }

    /// Hides the word from now on, also in Basic's base64 and as JSON and URLs write it. One of fewer than 6
    /// bytes is a placeholder ("x", "none"), and hiding it would eat parts of words.
    void add(std::string_view word);
    /// Hides what the header carries if its name says that this is a secret (Cookie, X-Api-Key, ...).
    void add_header(std::string_view name, std::string_view value);

    /// Whether there is nothing to hide.
    bool empty() const { return words_.empty(); }
    /// Hides what a URL's query carries under such names (key=...), encoded and decoded.
    void add_query(std::string_view query);

    /// Writes "[key]" over every secret.
    void mask(std::string& text) const;
    /// Takes the beginning of a secret off the end of a text that was cut.
    void drop_cut_secret(std::string& text) const;

 private:
    std::vector<std::string> words_;  // the longest first, since it may contain others
};

/// The API key and whatever the headers hold.
secrets secrets_of(std::string_view api_key, const std::vector<std::pair<std::string, std::string>>& headers);

}  // namespace stagger::wire
