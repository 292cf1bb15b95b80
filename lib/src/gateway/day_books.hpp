#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace stagger::gateway {

/// What a tenant may use in a day; nothing: any amount.
struct day_budget {
    std::optional<double> requests;
    std::optional<double> tokens;  ///< of prompts and answers
    std::optional<double> money;   ///< in the currency of the prices

    bool any() const { return requests || tokens || money; }
    friend bool operator==(const day_budget&, const day_budget&) = default;
};

/// Of a day, or of one call.
struct day_use {
    double requests = 0;
    double tokens = 0;
    double money = 0;
    friend bool operator==(const day_use&, const day_use&) = default;
};

/** @brief What tenants with a budget have used of their day.
 *
 * A call reserves what it is estimated at, so that those in flight count, and is settled by what it has cost.
 * Days are numbered by who calls; a new one begins with nothing. No clock.
 */
class day_books {
 public:
    using day_number = std::int64_t;
    using by_tenant = std::unordered_map<std::uint64_t, day_use>;

    /// Of what the budget does not suffice.
    struct shortage {
        std::string_view of;  ///< "requests", "tokens" or "money"
        double most;
        double used;
        double asked;
    };
    /// @return what does not suffice, and nothing is reserved
    std::optional<shortage> reserve(std::uint64_t tenant, const day_use& estimated, const day_budget& most,
                                    day_number today);
    /// @param reserved_on of a day that is over nothing is known any more
    void settle(std::uint64_t tenant, const day_use& reserved, const day_use& used, day_number reserved_on);

    day_number day() const { return day_; }
    const by_tenant& used() const { return used_; }
    /// What an earlier process has written down; the past is forgotten.
    void restore(by_tenant used, day_number of, day_number today);

 private:
    void begin(day_number today);

    day_number day_ = 0;
    by_tenant used_;
};

/// "requests: 3 of 3 are used, and this call may take 1"
std::string to_text(const day_books::shortage& what);

}  // namespace stagger::gateway
