#include "markup_text.hpp"

#include "base/visible_text.hpp"

namespace app {

std::string markup_text(std::string_view text) {
    std::string safe;
    for (const char each : stagger::visible_text(text)) {
        switch (each) {
            case '&':
                safe += "&amp;";
                break;
            case '<':
                safe += "&lt;";
                break;
            case '>':
                safe += "&gt;";
                break;
            case '"':
                safe += "&quot;";
                break;
            case '\'':
                safe += "&apos;";
                break;
            default:
                safe += static_cast<unsigned char>(each) < ' ' ? ' ' : each;
        }
    }
    return safe;
}

}  // namespace app
