#include <doctest/doctest.h>

#include "base/visible_text.hpp"

using stagger::visible_line;
using stagger::visible_text;

TEST_CASE("text without control characters is what it was") {
    for (const char* text :
         {"", "plain", "two\nlines\tand a tab\n", "gr\xC3\xBC\xC3\x9F dich \xF0\x9F\x98\x80"})
        CHECK(visible_text(text) == text);
}

TEST_CASE("control characters are shown by their pictures") {
    CHECK(visible_text("\x1b]0;title\x07") == "\xE2\x90\x9B]0;title\xE2\x90\x87");
    CHECK(visible_text(std::string_view("a\0b", 3)) ==
          "a\xE2\x90\x80"
          "b");
    CHECK(visible_text("over\rwritten") == "over\xE2\x90\x8Dwritten");
    CHECK(visible_text("\x7f") == "\xE2\x90\xA1");
}

TEST_CASE("no byte of a text is an escape, whatever it is") {
    for (int first = 0; first < 256; ++first) {
        for (const int second : {0, 0x1b, 0x41, 0x80, 0x9b, 0xbf, 0xff}) {
            const std::string text{static_cast<char>(first), static_cast<char>(second)};
            const std::string shown = visible_text(text);
            for (const char each : shown) {
                const bool is_control =
                    (each >= 0 && each < ' ' && each != '\n' && each != '\t') || each == 0x7f;
                CHECK_FALSE(is_control);
            }
            CHECK(visible_text(shown) == shown);
        }
    }
}

TEST_CASE("the controls of C1 and bytes that are not UTF-8 become U+FFFD") {
    CHECK(visible_text("\xC2\x9B"
                       "31m") ==
          "\xEF\xBF\xBD"
          "31m");
    CHECK(visible_text("\x9B"
                       "31m") ==
          "\xEF\xBF\xBD"
          "31m");
    CHECK(visible_text("\xC2\xA0") == "\xC2\xA0");
}

TEST_CASE("a carriage return before a line end is left out") {
    CHECK(visible_text("one\r\ntwo\r") == "one\ntwo\xE2\x90\x8D");
}

TEST_CASE("a line has no line ends") {
    CHECK(visible_line("one\r\ntwo\n") == "one two ");
}
