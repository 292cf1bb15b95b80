#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "batch/file_handle.hpp"

namespace app {

/** Where in results files each line stands, without holding what it says: some 50 bytes a result.
 *
 * A last line that was written only in part is left out, as a batch that continues would cut it off.
 */
class result_index {
 public:
    /// One line of results.
    struct entry {
        std::uint64_t offset = 0;
        std::uint64_t line_hash = 0;  ///< of the row that it answers
        std::size_t line = 0;         ///< of that row; 0: it does not tell
        std::uint32_t length = 0;
        std::uint32_t file = 0;
    };

    /// @throws failure file_failed for what cannot be read or holds no results
    explicit result_index(const std::vector<std::string>& paths);

    const std::vector<entry>& entries() const { return entries_; }
    /// What a line says, as it stands there.
    /// @throws failure file_failed
    std::string text(const entry& one) const;
    /// "FILE:N", for messages.
    std::string place(const entry& one) const;

    /// How the list was read, as the results say; empty where nothing told.
    const std::string& format() const { return format_; }
    const std::string& separator() const { return separator_; }

    /// In the order of the rows, as far as results tell it; those of one file stay before the next one's.
    void order_by_line();

    /** The results by what they answer.
     * @throws failure wrong_usage where two answer the same row
     */
    void index_rows();
    /// After `index_rows`; null where there is none. A result that tells its line is found by that alone.
    const entry* of_row(std::size_t line, const std::string& id) const;
    /// The greatest line that a result tells.
    std::size_t last_line() const { return by_line_.empty() ? 0 : by_line_.size() - 1; }
    /// Results that tell no line.
    std::size_t without_line() const { return by_id_.size(); }

 private:
    struct result_file {
        std::string path;
        stagger::batch::file_handle file;
    };

    void read(std::uint32_t file);
    void refuse_second(const entry& first, const entry& second) const;

    std::vector<result_file> files_;
    std::vector<entry> entries_;
    std::vector<std::uint32_t> by_line_;  // index into entries, plus 1; 0: none
    std::unordered_map<std::string, std::uint32_t> by_id_;
    std::string format_;
    std::string separator_;
};

}  // namespace app
