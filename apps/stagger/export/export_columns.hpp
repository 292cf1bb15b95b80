#pragma once

#include <string>
#include <vector>

namespace app {

/// Names in the order in which they first came, each once.
class name_list {
 public:
    /// More are refused: rows whose members all differ are no table.
    static constexpr std::size_t most = 10'000;

    /// @throws failure wrong_usage past `most`
    void add(const std::string& name);
    const std::vector<std::string>& names() const { return names_; }

 private:
    std::vector<std::string> names_;
    std::vector<std::string> sorted_;
};

/// What `stagger export` adds to a row, in this order.
inline const std::vector<std::string> own_columns{
    "id", "status", "answer", "finish_reason", "prompt_tokens", "completion_tokens", "cost", "error"};

/// The columns of an export.
struct export_columns {
    std::vector<std::string> input;
    std::vector<std::string> own;  ///< as `own_columns`, under other names where the input has those
    std::vector<std::string> answer_members;  ///< as the answers name them
    std::vector<std::string> answer;          ///< the same, under other names where a column has those

    std::vector<std::string> all() const;
};

export_columns make_export_columns(std::vector<std::string> input, std::vector<std::string> answer_members);

}  // namespace app
