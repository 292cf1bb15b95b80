#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "records/limits_file.hpp"

namespace app {

/// limits.json in the user's state folder: $XDG_STATE_HOME/stagger, else ~/.local/state/stagger. Nothing
/// where neither variable has an absolute path.
std::optional<std::string> usual_limits_path();

/// What entries are dated with.
std::chrono::sys_seconds current_date();

/** @brief The file that keeps what runs learned about limits.
 *
 * It is read whole, and written as a new file that takes the old one's place at once, under a lock that every
 * process takes: nobody ever sees half a file, and nobody loses what another one wrote. The folder and the
 * files are the user's own (0700, 0600).
 */
class limits_file {
 public:
    explicit limits_file(std::string path) : path_(std::move(path)) {}

    /// What is wrong with the file, in words that name it.
    struct problem {
        std::string text;
        bool damaged = false;  ///< it could be read, but is none of ours; a good one may take its place
    };
    struct contents {
        stagger::wire::limits_by_key limits;
        std::optional<problem> wrong;
        /// What is wrong with single entries, each in words that name the file and the entry. They are left
        /// out, and gone with the next writing, unless a later version may have written them.
        std::vector<std::string> refused;
        stagger::wire::entries_as_written unread;
    };

    /// A file that does not exist has no limits, and nothing wrong.
    contents read() const;

    using edit = std::function<void(stagger::wire::limits_by_key&)>;
    /** Reads, changes, drops what is old, and writes what can be read again. What is damaged is replaced by
     * the change alone; where the file would become too large, the oldest entries go.
     * @return what kept it, or an entry of it, from being written
     */
    std::optional<problem> update(const edit& change, std::chrono::sys_seconds now) const;

 private:
    std::string path_;
};

}  // namespace app
