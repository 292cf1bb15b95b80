#include "array_cutter.hpp"

#include "base/utf8.hpp"
#include "json/json_text.hpp"

namespace app {
namespace {

namespace batch = stagger::batch;

constexpr std::size_t read_bytes = 64 * 1024;

bool is_space(char character) {
    return character == ' ' || character == '\t' || character == '\n' || character == '\r';
}

}  // namespace

std::span<char> array_cutter::prepare() {
    const auto kept = place_ == place::inside && !too_long_ ? begin_ : at_;
    buffer_.erase(0, kept);
    at_ -= kept;
    begin_ = 0;
    filled_ = buffer_.size();
    buffer_.resize(filled_ + read_bytes);
    return {buffer_.data() + filled_, read_bytes};
}

std::optional<batch::row> array_cutter::element(std::size_t end) {
    batch::row made;
    made.number = ++elements_;
    made.too_long = too_long_ || end - begin_ > longest_;
    if (!made.too_long)
        made.text = stagger::wire::json_trimmed(std::string_view(buffer_).substr(begin_, end - begin_));
    place_ = place::between;
    comma_ = false;
    too_long_ = false;
    return made;
}

std::optional<batch::row> array_cutter::lost(std::string problem) {
    place_ = place::lost;
    batch::row made;
    made.number = ++elements_;
    made.problem = std::move(problem);
    return made;
}

void array_cutter::track(char character) {
    if (in_string_) {
        if (escaped_) {
            escaped_ = false;
        } else if (character == '\\') {
            escaped_ = true;
        } else if (character == '"') {
            in_string_ = false;
        }
        return;
    }
    if (character == '"') in_string_ = true;
    if (character == '[' || character == '{') ++depth_;
    if (character == ']' || character == '}') --depth_;
}

// Of the character at `at_`, which counts as looked at then.
std::optional<batch::row> array_cutter::step(char character) {
    const auto here = at_++;
    if (place_ == place::inside) {
        const bool ends = !in_string_ && depth_ == 0 && (character == ',' || character == ']');
        if (!ends && !in_string_ && depth_ == 0 && character == '}') return lost("a } closes nothing");
        if (!ends) return track(character), std::nullopt;
        auto made = element(here);
        comma_ = character == ',';
        if (character == ']') place_ = place::behind;
        return made;
    }
    if (is_space(character)) return std::nullopt;
    if (place_ == place::before) {
        if (character != '[') return lost("is no JSON array: it does not begin with [");
        place_ = place::between;
        return std::nullopt;
    }
    if (place_ == place::behind) return lost("something follows the end of the array");
    if (character == ',') return lost("an element is missing before a comma");
    if (character == ']') {
        if (comma_) return lost("an element is missing behind the last comma");
        place_ = place::behind;
        return std::nullopt;
    }
    place_ = place::inside;
    begin_ = here;
    depth_ = 0;
    track(character);
    return std::nullopt;
}

std::optional<batch::row> array_cutter::next() {
    while (at_ < filled_ && place_ != place::lost) {
        const std::string_view rest = std::string_view(buffer_).substr(at_, filled_ - at_);
        if (place_ == place::before && rest.starts_with(stagger::wire::byte_order_mark)) {
            at_ += stagger::wire::byte_order_mark.size();
            continue;
        }
        if (place_ == place::before && stagger::wire::byte_order_mark.starts_with(rest) && !finished_)
            return std::nullopt;
        if (auto made = step(buffer_[at_])) return made;
    }
    if (place_ == place::lost) at_ = filled_;
    if (place_ == place::inside && filled_ - begin_ > longest_) too_long_ = true;
    const bool open = place_ == place::inside || place_ == place::between;
    if (finished_ && open) return lost("the array is not closed: the file may have been cut off");
    return std::nullopt;
}

}  // namespace app
