#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <string>

#include "batch/file_handle.hpp"
#include "gateway/day_books.hpp"

namespace app {

/// What a gateway's tenants have used of a day, as it was written down.
struct spending {
    stagger::gateway::day_books::by_tenant used;
    stagger::gateway::day_books::day_number day = 0;
};

/// One line of JSON.
std::string format_spending(const spending& what);
/// @throws std::invalid_argument "tenants.ba78….tokens: must ..."
spending parse_spending(const boost::json::value& file);

/** @brief serve-spending.json, beside limits.json, which keeps what budgets of the day have left while nobody
 * runs.
 *
 * One gateway at a time keeps it, by a lock on a file beside it that it holds as long as it lives: two would
 * each write their own sums. Written as a new file that takes the old one's place. A file that cannot be read
 * or written keeps nobody from being served: what is wrong is returned in words, and budgets begin anew, or
 * are lost with the process.
 */
class spending_file {
 public:
    explicit spending_file(std::string path);

    const std::string& path() const { return path_; }
    /// Whether another gateway keeps it. Where locks cannot be had, none is known of.
    bool is_anothers() const { return is_anothers_; }

    /// Nothing where there is none, or `wrong` says why.
    std::optional<spending> read(std::string& wrong) const;
    /// @return what is wrong; empty: nothing
    std::string write(const spending& what) const;

 private:
    std::string path_;
    stagger::batch::file_handle lock_;
    bool is_anothers_ = false;
};

}  // namespace app
