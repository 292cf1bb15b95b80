#include "json_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/stream_parser.hpp>

#include "cli/exit_code.hpp"
#include "cli/text_file.hpp"

namespace app {

boost::json::value read_json_file(const std::string& path) {
    const std::string text = read_text_file(path);
    boost::json::parse_options lenient;
    lenient.allow_comments = true;
    lenient.allow_trailing_commas = true;
    boost::json::stream_parser parser({}, lenient);
    boost::json::error_code wrong;
    const std::size_t read = parser.write_some(text, wrong);
    if (!wrong) parser.finish(wrong);
    const auto end = text.begin() + static_cast<std::ptrdiff_t>(std::min(read, text.size()));
    const auto line = 1 + std::count(text.begin(), end, '\n');
    if (wrong || text.find_first_not_of(" \t\r\n", read) != std::string::npos) {
        throw failure(exit_code::wrong_usage,
                      fmt::format("{}: line {}: is no JSON: {}", path, line,
                                  wrong ? wrong.message() : "something stands behind its end"));
    }
    return parser.release();
}

}  // namespace app
