#include "batch/line_splitter.hpp"

#include <cstring>

#include "base/utf8.hpp"

namespace stagger::batch {
namespace {

// Large enough that system calls do not show, small enough to be no part of the memory bound.
constexpr std::size_t block_bytes = 64 * 1024;

}  // namespace

std::span<char> line_splitter::prepare() {
    if (begin_ > 0) {
        std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
    }
    // A long line doubles the buffer, so that it is copied a bounded number of times; afterwards it shrinks
    // back.
    if (buffer_.size() < end_ + block_bytes) buffer_.resize(2 * end_ + block_bytes);
    if (end_ < block_bytes && buffer_.size() > 16 * block_bytes) {
        buffer_.resize(2 * block_bytes);
        buffer_.shrink_to_fit();
    }
    return {buffer_.data() + end_, buffer_.size() - end_};
}

std::optional<line> line_splitter::cut(std::size_t length, std::size_t line_end) {
    line found;
    found.text = {buffer_.data() + begin_, length};
    found.number = ++lines_;
    found.start = line_start_;
    found.terminated = line_end > 0;
    found.too_long = dropped_ > 0 || length > longest_;
    line_start_ += dropped_ + length + line_end;
    begin_ += length + line_end;
    scanned_ = 0;
    dropped_ = 0;
    if (found.too_long) {
        found.text = {};
        return found;
    }
    if (found.number == 1 && found.text.starts_with(wire::byte_order_mark)) {
        found.text.remove_prefix(wire::byte_order_mark.size());
    }
    if (how_ == line_splitting::whole) return found;
    if (found.text.ends_with('\r')) found.text.remove_suffix(1);
    if (found.text.find_first_not_of(" \t\r") == std::string_view::npos) return std::nullopt;
    return found;
}

std::optional<line> line_splitter::next() {
    while (begin_ + scanned_ < end_) {
        const char* from = buffer_.data() + begin_ + scanned_;
        const void* hit = std::memchr(from, '\n', end_ - begin_ - scanned_);
        if (!hit) break;
        const auto length = static_cast<std::size_t>(static_cast<const char*>(hit) - buffer_.data()) - begin_;
        if (auto found = cut(length, 1)) return found;
    }
    scanned_ = end_ - begin_;
    if (finished_) {
        if (scanned_ > 0 || dropped_ > 0) return cut(scanned_, 0);
        return std::nullopt;
    }
    if (scanned_ > longest_ || dropped_ > 0) {
        dropped_ += scanned_;
        begin_ = end_;
        scanned_ = 0;
    }
    return std::nullopt;
}

}  // namespace stagger::batch
