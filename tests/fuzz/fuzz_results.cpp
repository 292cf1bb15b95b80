#include "fuzz/fuzz_input.hpp"
#include "fuzz/property.hpp"
#include "fuzz/targets.hpp"
#include "load/results_file.hpp"
#include "report/report_page.hpp"

// A results file is read back as it was written, and nothing in it becomes markup or script of a page.

namespace stagger::fuzz {
namespace {

std::size_t count_of(std::string_view text, std::string_view part) {
    std::size_t count = 0;
    for (auto at = text.find(part); at != text.npos; at = text.find(part, at + part.size())) ++count;
    return count;
}

std::size_t scripts_of_an_empty_page() {
    load::results_document empty;
    empty.runs.resize(1);
    return count_of(app::report_page({{"a.json", empty}}), "<script");
}

std::size_t rows_of(const load::results_document& document) {
    std::size_t rows = 0;
    for (const auto& each : document.runs) rows += each.timeline.rows.size();
    return rows;
}

void show(const load::results_document& document) {
    constexpr std::size_t most_rows = 500;  // more only take longer
    if (document.runs.empty() || rows_of(document) > most_rows) return;
    static const std::size_t scripts = scripts_of_an_empty_page();
    const std::string page = app::report_page({{"<b>\"'&.json", document}});
    require(count_of(page, "<script") == scripts, "a page has no scripts but its own");
    require(count_of(page, "<b>\"") == 0, "a name is no markup");
    require(!wire::invalid_utf8_at(page), "a page is UTF-8");
    require(page.find('\x1b') == page.npos && page.find("\xc2\x9b") == page.npos, "a page has no escapes");
}

}  // namespace

void fuzz_results(std::string_view bytes) {
    fuzz_input input(bytes);
    const bool shows = input.byte() % 8 == 0;  // a page takes much longer than the rest
    try {
        const load::results_document document = load::parse_results(input.rest());
        const std::string text = load::format_results(document);
        require(load::parse_results(text) == document, "what was read is written", text);
        if (shows) show(document);
    } catch (const std::invalid_argument&) {
        // Not a results file: it says so.
    }
}

}  // namespace stagger::fuzz
