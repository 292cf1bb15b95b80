#include "colour.hpp"

#include <cstdlib>

namespace app {
namespace {

std::string_view code_of(colour each) {
    switch (each) {
        case colour::faint:
            return "2";
        case colour::red:
            return "31";
        case colour::green:
            return "32";
        case colour::yellow:
            return "33";
    }
    return "0";
}

}  // namespace

std::string painted(std::string_view text, colour in) {
    if (text.empty()) return {};
    std::string made = "\x1b[";
    made.append(code_of(in)).append("m").append(text).append("\x1b[0m");
    return made;
}

bool colours_are_wanted() {
    const char* unwanted = std::getenv("NO_COLOR");
    return unwanted == nullptr || *unwanted == '\0';
}

}  // namespace app
