#include <sstream>

#include "fuzz/property.hpp"
#include "fuzz/targets.hpp"
#include "records/decision_log.hpp"
#include "sim/replay.hpp"

// What is read of a decision log is written as it was read, and can be replayed.

namespace stagger::fuzz {
namespace {

std::string line_of(const wire::decision_log_header& header) {
    std::string line;
    wire::append_decision_log_header(line, header);
    line.pop_back();
    return line;
}

}  // namespace

void fuzz_decision_log(std::string_view bytes) {
    std::istringstream file{std::string(bytes)};
    try {
        wire::decision_log_reader log(file, "log");
        const std::string header = line_of(log.header());
        require(line_of(wire::parse_decision_log_header(header)) == header, "a header is read back", header);
        sim::replay again(log.header().options, log.header().seed);
        while (const auto made = log.next()) {
            std::string line;
            wire::append_decision_line(line, *made, log.header().origin);
            line.pop_back();
            require(wire::parse_decision_line(line, log.header().origin) == *made, "a decision is read back",
                    line);
            if (again.step(*made)) return;
        }
        again.finish();
    } catch (const std::invalid_argument&) {
        // Not a log, or a damaged one: it says so.
    }
}

}  // namespace stagger::fuzz
