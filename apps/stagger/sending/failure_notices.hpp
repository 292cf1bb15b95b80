#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>

namespace app {

/** @brief What to say of results that are failures, so that thousands of one kind do not bury the others.
 *
 * The first few of each kind are told one by one; of the others, how many there are by now, ever more seldom:
 * at ten, a hundred, a thousand.
 */
class failure_notices {
 public:
    static constexpr std::size_t told_one_by_one = 3;

    /// @param results where all of them are, for the message
    explicit failure_notices(std::string results) : results_(std::move(results)) {}

    /// What to say of one more; nothing where it is only counted.
    /// @param where its row, `FILE:LINE`
    /// @param kind what makes failures alike; a bounded number of texts
    std::optional<std::string> tell(const std::string& where, const std::string& kind,
                                    const std::string& message);

 private:
    std::string results_;
    std::map<std::string, std::size_t> counts_;  // by kind
    bool told_where_ = false;
};

}  // namespace app
