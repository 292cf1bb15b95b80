#include "json/exact_json_object.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace stagger::wire {

namespace {

constexpr std::size_t shown_characters = 60;  // of a wrong value: enough to recognise it

std::string shown(std::string_view value) {
    if (value.size() <= shown_characters) return std::string(value);
    return std::string(value.substr(0, shown_characters)) + "...";
}

/// Nothing unless the whole text is one number of this type.
template <class Whole>
std::optional<Whole> whole_number(std::string_view text) {
    Whole value{};
    const auto* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, value);
    if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
    return value;
}

bool is_number(std::string_view value) {
    return value.front() == '-' || (value.front() >= '0' && value.front() <= '9');
}

}  // namespace

exact_json_object::exact_json_object(std::string_view checked, std::string path) : path_(std::move(path)) {
    auto members = json_members(checked);
    if (!members) {
        throw std::invalid_argument((path_.empty() ? "the line" : path_) + ": must be an object, is " +
                                    shown(json_trimmed(checked)));
    }
    members_ = std::move(*members);
}

void exact_json_object::expect_only(std::initializer_list<std::string_view> known) const {
    for (const auto& member : members_) {
        if (std::find(known.begin(), known.end(), member.name) != known.end()) continue;
        std::string rule = "unknown member, must be one of";
        for (const std::string_view name : known) rule.append(rule.ends_with("of") ? " " : ", ").append(name);
        reject(member.name, rule);
    }
}

exact_json_object exact_json_object::object(std::string_view name) const {
    return exact_json_object(raw(name), path_of(name));
}

std::int64_t exact_json_object::whole(std::string_view name, std::int64_t low, std::int64_t high) const {
    const auto value = whole_number<std::int64_t>(raw(name));
    if (value && *value >= low && *value <= high) return *value;
    reject(name, "must be a whole number within " + std::to_string(low) + ".." + std::to_string(high));
}

std::uint64_t exact_json_object::count(std::string_view name) const {
    if (const auto value = whole_number<std::uint64_t>(raw(name))) return *value;
    reject(name,
           "must be a whole number within 0.." + std::to_string(std::numeric_limits<std::uint64_t>::max()));
}

double exact_json_object::number(std::string_view name) const {
    const std::string_view value = raw(name);
    const double read = is_number(value) ? json_number_value(value) : HUGE_VAL;
    if (!std::isfinite(read)) reject(name, "must be a number");
    return read;
}

double exact_json_object::not_negative(std::string_view name) const {
    const double read = number(name);
    if (read < 0) reject(name, "must be >= 0");
    return read;
}

bool exact_json_object::flag(std::string_view name) const {
    const std::string_view value = raw(name);
    if (value != "true" && value != "false") reject(name, "must be true or false");
    return value == "true";
}

std::string exact_json_object::text(std::string_view name) const {
    auto value = json_string_value(raw(name));
    if (!value) reject(name, "must be a string");
    return std::move(*value);
}

void exact_json_object::reject(std::string_view name, const std::string& rule) const {
    const json_member* found = find(name);
    throw std::invalid_argument(path_of(name) + ": " + rule + ", is " +
                                (found ? shown(found->value) : "missing"));
}

std::string_view exact_json_object::raw(std::string_view name) const {
    const json_member* found = find(name);
    if (!found) reject(name, "must be given");
    return found->value;
}

std::string exact_json_object::path_of(std::string_view name) const {
    return path_.empty() ? std::string(name) : path_ + "." + std::string(name);
}

}  // namespace stagger::wire
