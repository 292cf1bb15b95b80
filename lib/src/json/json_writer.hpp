#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace stagger::wire {

/// Appends `text` as a JSON string; bytes that are not UTF-8 become U+FFFD, so that the result is always
/// valid.
void append_json_string(std::string& out, std::string_view text);
/// Appends the shortest number that reads back as `value`; null where JSON has no number for it.
void append_json_number(std::string& out, double value);

/// Writes one JSON object, member by member, to the end of a string.
class object_writer {
 public:
    explicit object_writer(std::string& out) : out_(out) { out_ += '{'; }

    void string(std::string_view name, std::string_view text) { append_json_string(key(name), text); }
    void number(std::string_view name, double value) { append_json_number(key(name), value); }
    void count(std::string_view name, std::uint64_t value) { key(name) += std::to_string(value); }
    /// `json` must be one valid JSON value.
    void raw(std::string_view name, std::string_view json) { key(name) += json; }
    /// Begins a member; its value is to be appended to what is returned.
    std::string& key(std::string_view name);
    void close() { out_ += '}'; }

 private:
    std::string& out_;
    bool first_ = true;
};

}  // namespace stagger::wire
