#include <string>
#include <vector>

#include "fuzz/fuzz_input.hpp"
#include "fuzz/property.hpp"
#include "fuzz/targets.hpp"
#include "redis/reply.hpp"

// A store's replies are the same however their bytes are cut.

namespace stagger::fuzz {
namespace {

std::string shown(const redis::reply& one) {
    std::string text = std::to_string(static_cast<int>(one.what)) + ':' + std::to_string(one.integer) + ':' +
                       std::to_string(one.text.size()) + ':' + one.text;
    for (const redis::reply& each : one.items) text += '[' + shown(each) + ']';
    return text;
}

struct reading {
    std::vector<std::string> replies;
    bool broken = false;
};

reading read(std::string_view bytes, std::size_t piece) {
    redis::reply_parser parser;
    reading got;
    while (!bytes.empty() && !got.broken) {
        parser.feed(bytes.substr(0, piece));
        bytes.remove_prefix(std::min(piece, bytes.size()));
        while (const auto one = parser.next()) {
            static_cast<void>(one->number());
            got.replies.push_back(shown(*one));
        }
        got.broken = !parser.problem().empty();
    }
    require(!got.broken || !parser.next(), "nothing comes after what cannot be read");
    return got;
}

}  // namespace

void fuzz_redis_reply(std::string_view bytes) {
    fuzz_input input(bytes);
    const std::size_t piece = input.byte() % 16 + std::size_t{1};
    const std::string_view sent = input.rest();
    const reading at_once = read(sent, sent.size());
    const reading in_pieces = read(sent, piece);
    require(at_once.broken == in_pieces.broken, "the verdict does not depend on the pieces");
    require(at_once.replies == in_pieces.replies, "the replies do not depend on the pieces");

    // What is written as a command is an array of texts.
    const std::vector<std::string> words{"SET", std::string(sent), {}};
    redis::reply_parser parser;
    parser.feed(redis::format_command(words));
    const auto back = parser.next();
    require(back && back->items.size() == words.size() && back->items[1].text == words[1],
            "a command is read back");
}

}  // namespace stagger::fuzz
