#pragma once

#include <fmt/format.h>

#include <optional>
#include <string>

namespace app {

/// Compares figures with their bounds and keeps what is missed: "waste 2.3 must be <= 2, lost 1 must be <=
/// 0".
class figure_comparison {
 public:
    void at_least(const std::string& what, double is, std::optional<double> bound) {
        if (bound && is < *bound) miss(what, is, ">=", *bound);
    }
    void at_most(const std::string& what, double is, std::optional<double> bound) {
        if (bound && is > *bound) miss(what, is, "<=", *bound);
    }
    /// Something that is missed and is no number.
    void miss(const std::string& what) { text_.append(text_.empty() ? "" : ", ").append(what); }
    /// Empty: nothing is missed.
    const std::string& text() const { return text_; }

 private:
    void miss(const std::string& what, double is, const char* rule, double bound) {
        miss(fmt::format("{} {:.4g} must be {} {:.4g}", what, is, rule, bound));
    }

    std::string text_;
};

}  // namespace app
