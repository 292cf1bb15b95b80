#include "load/synthetic_prompts.hpp"

#include <array>
#include <string_view>

namespace stagger::load {

namespace {

constexpr std::array<std::string_view, 32> common_words{
    "time", "year", "way",   "day",   "man",  "world", "life", "hand", "part",  "child", "eye",
    "work", "case", "point", "water", "room", "area",  "home", "book", "story", "fact",  "month",
    "lot",  "side", "kind",  "head",  "house", "page", "road", "line", "city",  "name"};

}  // namespace

completion_request synthetic_prompts::make(std::uint64_t number) const {
    // Spread, so that neighbouring numbers of one seed share nothing with another seed.
    random_source random(random_source(seed_).next() ^ random_source(number).next());
    const unsigned words = lengths_.draw(random);
    std::string text;
    constexpr std::size_t usual_word = 6;
    text.reserve(words * usual_word);
    for (unsigned word = 0; word < words; ++word) {
        if (word > 0) text += ' ';
        text += common_words[random.next() % common_words.size()];
    }
    return completion_request(std::move(text));
}

}  // namespace stagger::load
