#include <stdexcept>
#include <string>
#include <string_view>

#include "costs.hpp"
#include "dialect/sse_parser.hpp"
#include "stopwatch.hpp"

namespace costs {

namespace {

constexpr std::string_view event =
    R"(data: {"id":"chatcmpl-0123456789abcdef","object":"chat.completion.chunk","created":1700000000,)"
    R"("model":"m","choices":[{"index":0,"delta":{"content":" blue"},"finish_reason":null}]})"
    "\n\n";
constexpr std::size_t events_a_read = 16;

std::string one_read() {
    std::string bytes;
    for (std::size_t each = 0; each < events_a_read; ++each) bytes += event;
    return bytes;
}

}  // namespace

double event_ns(std::size_t events) {
    const std::string bytes = one_read();
    stagger::wire::sse_parser parser(1 << 16, 1 << 16);
    stagger::error_code error;
    std::size_t taken = 0;
    const stopwatch watch;
    while (taken < events && !error) {
        std::string_view left = bytes;
        while (!left.empty() && !error) {
            left.remove_prefix(parser.put(left, error));
            if (!parser.has_event()) continue;
            if (!parser.take().data.empty()) ++taken;
        }
    }
    if (error) throw std::logic_error("a stream without errors had one: " + error.message());
    return watch.seconds() / static_cast<double>(taken) * 1e9;
}

double line_search_ns(std::size_t events) {
    const std::string bytes = one_read();
    std::size_t found = 0;
    const stopwatch watch;
    while (found < 2 * events) {
        for (auto at = bytes.find('\n'); at != std::string::npos; at = bytes.find('\n', at + 1)) ++found;
    }
    return watch.seconds() / (static_cast<double>(found) / 2) * 1e9;
}

}  // namespace costs
