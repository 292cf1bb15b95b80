#include "throttled_server/api_key.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <vector>

#include "base/decimal.hpp"
#include "dialect/authorization.hpp"
#include "stagger/dialect.hpp"

namespace stagger::server {

bool presents_key(std::string_view key, std::string_view authorization, std::string_view x_api_key) {
    if (key.empty()) return true;
    if (authorization.empty()) return x_api_key == key;
    for (const dialect each : {dialect::openai_chat, dialect::llm_engine}) {
        std::vector<wire::field> fields;
        wire::add_authorization(fields, each, key);
        const bool same = std::any_of(fields.begin(), fields.end(), [&](const wire::field& sent) {
            return wire::equal_ignoring_case(sent.name, "authorization") && sent.value == authorization;
        });
        if (same) return true;
    }
    return false;
}

std::string read_key_file(const std::string& path) {
    constexpr std::size_t longest_key = 8192;  // below what a header may hold
    std::ifstream file(path, std::ios::binary);
    std::string text(longest_key, '\0');
    if (file) file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (!file.is_open() || file.bad()) throw std::runtime_error(path + ": cannot be read");
    if (!file.eof()) throw std::runtime_error(path + ": is too long for an API key");
    text.resize(static_cast<std::size_t>(file.gcount()));
    constexpr auto blanks = " \t\r\n";
    const auto begin = text.find_first_not_of(blanks);
    if (begin == std::string::npos) throw std::runtime_error(path + ": holds no API key");
    return text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

}  // namespace stagger::server
