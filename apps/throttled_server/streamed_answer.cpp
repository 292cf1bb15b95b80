#include "throttled_server/streamed_answer.hpp"

#include <algorithm>

namespace stagger::server {

namespace {

constexpr std::size_t most_pieces =
    64;  // of one text: a prompt of megabytes is no reason for a million events
constexpr std::size_t piece_bytes = 4;  // as tokens are counted

}  // namespace

std::vector<std::string> pieces_of(const std::string& text) {
    const std::size_t size = std::max(piece_bytes, (text.size() + most_pieces - 1) / most_pieces);
    std::vector<std::string> pieces;
    pieces.reserve(text.size() / size + 1);
    for (std::size_t begin = 0; begin < text.size();) {
        std::size_t end = std::min(text.size(), begin + size);
        while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) ++end;
        pieces.push_back(text.substr(begin, end - begin));
        begin = end;
    }
    return pieces;
}

}  // namespace stagger::server
