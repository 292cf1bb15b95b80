#include "parameters_hash.hpp"

#include <fmt/format.h>

#include "batch/line_hash.hpp"

namespace app {
namespace {

// Lengths keep "ab" + "c" apart from "a" + "bc".
void append(std::string& all, const std::string& part) {
    all.append(std::to_string(part.size())).append(":").append(part);
}

}  // namespace

std::uint64_t parameters_hash(const send_plan& plan, const std::string& reading) {
    std::string all;
    append(all, std::string(to_string(plan.dialect)));
    append(all, plan.client.model());
    append(all, plan.max_tokens ? std::to_string(*plan.max_tokens) : "");
    append(all, plan.temperature ? fmt::format("{}", *plan.temperature) : "");
    append(all, reading);
    for (const auto& [name, value] : plan.params) {
        append(all, name);
        append(all, value);
    }
    return stagger::batch::line_hash(all);
}

}  // namespace app
