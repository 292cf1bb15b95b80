#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <string>
#include <vector>

#include "batch/input_file.hpp"
#include "file_rows.hpp"
#include "row_places.hpp"

namespace app {

/// An opened file of rows.
struct row_source {
    std::string name;  ///< for messages
    stagger::batch::input_file file;
};

/// @param paths files, named pipes or "-"
/// @throws failure file_failed for one that cannot be opened
std::vector<row_source> open_row_sources(const boost::asio::any_io_executor& executor,
                                         const std::vector<std::string>& paths);

/// Whether all of them can be read several times.
bool all_regular(const std::vector<row_source>& sources);

/** Reads all rows from the beginning, without taking them.
 * @pre all_regular(sources)
 * @param places is told where files begin
 * @param use is called with each until it answers false
 * @throws failure as file_rows does, and file_failed for one that cannot be read
 */
void each_row(const std::vector<row_source>& sources, const row_reading& how, row_places& places,
              const std::function<bool(const row_source& from, const file_rows& rows,
                                       const stagger::batch::row&)>& use);

}  // namespace app
