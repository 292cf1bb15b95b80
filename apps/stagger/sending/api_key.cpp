#include "api_key.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>

#include "cli/exit_code.hpp"

namespace app {
namespace {

// Tokens with claims in them reach some kilobytes.
constexpr std::streamsize longest_key_file = 64 * 1024;

}  // namespace

std::string read_api_key(const std::string& path) {
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    std::string text(static_cast<std::size_t>(longest_key_file), '\0');
    if (file) file.read(text.data(), longest_key_file);
    if (!file.is_open() || file.bad() || (!file.eof() && file.gcount() < longest_key_file)) {
        const auto reason = errno != 0 ? std::generic_category().message(errno) : "cannot be read";
        throw failure(exit_code::file_failed, path + ": " + reason);
    }
    text.resize(static_cast<std::size_t>(file.gcount()));
    auto key = checked_api_key(text, path);
    if (key.empty()) throw failure(exit_code::wrong_usage, path + ": holds no API key");
    return key;
}

std::string checked_api_key(const std::string& text, const std::string& where) {
    constexpr auto blanks = " \t\r\n";
    const auto begin = text.find_first_not_of(blanks);
    if (begin == std::string::npos) return {};
    auto key = text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
    const bool sendable =
        std::all_of(key.begin(), key.end(), [](unsigned char c) { return c > 32 && c < 127; });
    if (!sendable) {
        throw failure(exit_code::wrong_usage,
                      where + ": an API key consists of printable ASCII characters without blanks");
    }
    return key;
}

found_key find_api_key(std::span<const std::string_view> variables, const environment_reader& environment) {
    found_key found;
    for (const std::string_view each : variables) {
        const std::string name(each);
        found.variables.append(found.variables.empty() ? "" : " or ").append(name);
        if (found.secret.empty()) found.secret = checked_api_key(environment(name), name);
    }
    return found;
}

}  // namespace app
