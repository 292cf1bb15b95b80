#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_set>

#include "stagger/decision_log.hpp"

namespace app {

/** @brief What a decision log tells of one row of a list: when it joined the line, why it waited, each
 * attempt, what was refused, how it ended.
 *
 * Every record of the log is added, in its order. Takes memory for that row alone.
 */
class row_story {
 public:
    /// @param label of the row; `17` is also that of a row without an id, `line-17`
    explicit row_story(std::string label);

    void add(const stagger::decision_record& made);

    bool found() const { return !text_.empty(); }
    /// Whether the log says of any task which row it is of; older ones do not.
    bool log_has_labels() const { return log_has_labels_; }
    /// Some lines, times in seconds from the first record of the log.
    std::string text() const;

 private:
    struct teller;

    void tell(stagger::time_point at, const std::string& what);
    void join(const stagger::decision_record& made);

    std::string label_;
    bool log_has_labels_ = false;
    std::optional<stagger::time_point> origin_;
    std::optional<stagger::decision_record> joined_last_;  ///< its label comes behind it
    std::unordered_set<std::uint64_t> tasks_;
    std::map<std::uint64_t, stagger::time_point> permits_;  ///< in flight, and since when
    std::string text_;
    std::optional<stagger::time_point> began_;
    stagger::time_point ended_{};
    stagger::waiting_times waited_;
    stagger::duration on_the_way_{0};
    unsigned attempts_ = 0;
    unsigned refused_ = 0;
};

}  // namespace app
