#include "report/labelled_run.hpp"

#include <filesystem>
#include <functional>
#include <map>

namespace app {
namespace {

std::map<std::string, unsigned> count_labels(const labelled_runs& runs) {
    std::map<std::string, unsigned> counts;
    for (const labelled_run& each : runs) ++counts[each.label];
    return counts;
}

}  // namespace

labelled_runs label_runs(const std::vector<named_results>& documents) {
    labelled_runs runs;
    std::vector<std::string> files;
    for (const named_results& document : documents) {
        for (const stagger::load::run_results& run : document.results.runs) {
            runs.push_back({run.policy, &run, &document.results});
            files.push_back(std::filesystem::path(document.name).filename().string());
        }
    }
    const auto by_policy = count_labels(runs);
    for (std::size_t each = 0; each < runs.size(); ++each) {
        if (documents.size() > 1 && by_policy.at(runs[each].label) > 1)
            runs[each].label += " (" + files[each] + ")";
    }
    const auto by_file = count_labels(runs);
    std::map<std::string, unsigned> so_far;
    for (labelled_run& each : runs) {
        if (by_file.at(each.label) == 1) continue;
        const unsigned number = ++so_far[each.label];
        each.label += " #" + std::to_string(number);
    }
    return runs;
}

}  // namespace app
