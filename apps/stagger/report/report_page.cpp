#include "report/report_page.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include "base/visible_text.hpp"

#include <array>
#include <map>

#include "http/sha256.hpp"
#include "json/json_writer.hpp"
#include "load/results_file.hpp"
#include "report/embedded_files.hpp"
#include "report/sections.hpp"
#include "terminal/markup_text.hpp"
#include "version.hpp"

namespace app {
namespace {

namespace load = stagger::load;
using markups = std::map<std::string, std::string, std::less<>>;

/// How a Content-Security-Policy names a script or a style that stands in the page.
std::string source_hash(std::string_view text) {
    const stagger::sha256_digest digest = stagger::sha256_of(text);
    std::array<unsigned char, 2 * digest.size()> encoded{};
    const int length = EVP_EncodeBlock(encoded.data(), digest.data(), static_cast<int>(digest.size()));
    return "'sha256-" + std::string(encoded.begin(), encoded.begin() + length) + "'";
}

/// JSON that cannot end the script element around it, nor begin a comment in it.
std::string inside_script(const std::string& json) {
    std::string text;
    for (const char each : json) text += each == '<' ? std::string("\\u003c") : std::string(1, each);
    return text;
}

std::string results_json(const std::vector<named_results>& documents, const labelled_runs& runs) {
    std::string labels;
    for (const labelled_run& each : runs) {
        if (!labels.empty()) labels += ',';
        stagger::wire::append_json_string(labels, each.label);
    }
    std::string all;
    for (const named_results& each : documents)
        all.append(all.empty() ? "" : ",").append(load::format_results(each.results));
    return fmt::format("{{\"labels\":[{}],\"documents\":[{}]}}", labels, all);
}

std::string title_of(const std::vector<named_results>& documents, const labelled_runs& runs) {
    const std::string who = runs.size() == 1 ? runs.front().label : fmt::format("{} runs", runs.size());
    const std::string& endpoint = documents.front().results.endpoint;
    for (const named_results& each : documents) {
        if (each.results.endpoint != endpoint) return who + " side by side";
    }
    return who + " against " + endpoint;
}

/// The page with its places filled. What is put in is not looked at again, whatever it contains.
std::string filled_in(std::string_view page, const markups& places) {
    std::string text;
    for (;;) {
        const auto from = page.find("{{");
        text += page.substr(0, from);
        if (from == page.npos) return text;
        const auto to = page.find("}}", from);
        text += places.at(std::string(page.substr(from + 2, to - from - 2)));
        page.remove_prefix(to + 2);
    }
}

}  // namespace

std::string report_page(const std::vector<named_results>& documents) {
    const labelled_runs runs = label_runs(documents);
    std::string hashes;
    for (const std::string_view each : {embedded::chart_min_js, embedded::look_js, embedded::charts_js}) {
        hashes.append(hashes.empty() ? "" : " ").append(source_hash(each));
    }
    return filled_in(
        embedded::page_html,
        {{"title", markup_text(title_of(documents, runs))},
         {"version", version},
         {"script_hashes", hashes},
         {"style_hash", source_hash(embedded::page_css)},
         {"style", std::string(embedded::page_css)},
         {"origin", origin_section(documents)},
         {"notices", notices(runs)},
         {"sections", key_figures_section(runs) + comparison_section(runs) + timeline_section(runs) +
                          latency_section(runs) + time_spent_section(runs) + failures_section(runs)},
         {"results", inside_script(stagger::visible_text(results_json(documents, runs)))},
         {"chart_library", std::string(embedded::chart_min_js)},
         {"look", std::string(embedded::look_js)},
         {"charts", std::string(embedded::charts_js)}});
}

}  // namespace app
