#include "load/synthetic_prompts.hpp"

#include <array>
#include <string_view>

namespace stagger::load {

namespace {

// With the space that tokenizers take together with the word behind it.
constexpr std::array<std::string_view, 32> common_words{
    " time", " year", " way",   " day",   " man",   " world", " life", " hand", " part",  " child", " eye",
    " work", " case", " point", " water", " room",  " area",  " home", " book", " story", " fact",  " month",
    " lot",  " side", " kind",  " head",  " house", " page",  " road", " line", " city",  " name"};
constexpr unsigned bits_of_a_word = 5;
constexpr unsigned words_of_a_draw = 64 / bits_of_a_word;

}  // namespace

completion_request synthetic_prompts::make(std::uint64_t number) const {
    // Spread, so that neighbouring numbers of one seed share nothing with another seed.
    random_source random(random_source(seed_).next() ^ random_source(number).next());
    const unsigned words = lengths_.draw(random);
    std::string text;
    constexpr std::size_t usual_word = 6;
    text.reserve(words * usual_word);
    std::uint64_t drawn = 0;
    for (unsigned word = 0; word < words; ++word) {
        drawn = word % words_of_a_draw == 0 ? random.next() : drawn >> bits_of_a_word;
        text += common_words[drawn % common_words.size()];
    }
    text.erase(0, 1);
    return completion_request(std::move(text));
}

}  // namespace stagger::load
