#include "row_sources.hpp"

#include <algorithm>

#include "cli/exit_code.hpp"

namespace app {

std::vector<row_source> open_row_sources(const boost::asio::any_io_executor& executor,
                                         const std::vector<std::string>& paths) {
    std::vector<row_source> sources;
    for (const auto& path : paths) {
        const auto name = path == "-" ? std::string("standard input") : path;
        stagger::error_code unreadable;
        auto file = stagger::batch::input_file::open(executor, path, unreadable);
        if (!file) throw failure(exit_code::file_failed, name + ": " + unreadable.message());
        sources.push_back({name, std::move(*file)});
    }
    return sources;
}

bool all_regular(const std::vector<row_source>& sources) {
    return std::all_of(sources.begin(), sources.end(),
                       [](const row_source& each) { return each.file.regular(); });
}

void each_row(
    const std::vector<row_source>& sources, const row_reading& how, row_places& places,
    const std::function<bool(const row_source&, const file_rows&, const stagger::batch::row&)>& use) {
    std::size_t before = 0;
    for (const auto& each : sources) {
        places.file_begins(each.name, before);
        file_rows rows(each.name, how, before);
        auto offset = each.file.beginning();
        for (bool ended = false; !ended;) {
            stagger::error_code error;
            const auto got = each.file.read_at(offset, rows.prepare(), error);
            if (error) throw failure(exit_code::file_failed, each.name + ": " + error.message());
            rows.commit(got);
            offset += got;
            ended = got == 0;
            if (ended) rows.finish();
            while (const auto found = rows.next()) {
                if (!use(each, rows, *found)) return;
            }
        }
        before = rows.count();
    }
}

}  // namespace app
