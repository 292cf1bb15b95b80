#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "fairness/class_turns.hpp"
#include "gateway/day_books.hpp"
#include "http/sha256.hpp"
#include "stagger/priority.hpp"

namespace stagger::gateway {

/// SHA-256 of a client's key.
using key_hash = sha256_digest;

/// @param text 64 hexadecimal digits
std::optional<key_hash> parse_key_hash(std::string_view text);

/// What holds for the calls of one tenant.
struct tenant_terms {
    std::string name;                         ///< empty: it is not listed
    double weight = 1;                        ///< among the tenants of a class, above 0
    std::optional<std::size_t> most_going;    ///< calls at a time before the coordinator and upstream, from 1
    std::optional<std::size_t> most_waiting;  ///< calls in line; beyond: 429
    day_budget a_day;
    priority usual = priority::normal;         ///< of a call that does not say
    priority highest = priority::interactive;  ///< that a call may ask for
};

/// What a call takes of its tenant's and its class's share.
enum class charging : std::uint8_t {
    requests,  ///< each the same
    tokens,    ///< those of prompt and answer: estimated first, and settled by what upstream counts
};

/** @brief Who may call, and what each tenant gets: as it was read from a file, and replaced as a whole.
 *
 * Where any keys are listed, every call needs one of them, and belongs to the tenant whose key that is.
 */
class client_directory {
 public:
    struct listed_tenant {
        tenant_terms terms;
        std::vector<key_hash> keys;
    };

    client_directory() = default;
    /// @throws std::invalid_argument for a name or a key that is there twice
    explicit client_directory(const std::vector<listed_tenant>& listed, tenant_terms others = {},
                              const fairness::by_class<double>& weights = fairness::usual_class_weights,
                              charging by = charging::requests);

    bool asks_for_keys() const { return !by_key_.empty(); }
    /// The tenant whose key it is; nothing for a key that is not listed.
    std::optional<std::uint64_t> owner_of(std::string_view key) const;
    /// Of a tenant by its number; those of all others where it is not listed.
    const tenant_terms& terms_of(std::uint64_t tenant) const;
    const fairness::by_class<double>& weights() const { return weights_; }
    charging charged_by() const { return charged_by_; }
    /// Whether some tenant has a budget of a day.
    bool has_budgets() const;
    /// Whether some tenant has a budget in money, for which prices are needed.
    bool counts_money() const;
    std::size_t tenants() const { return listed_.size(); }

 private:
    struct first_bytes {
        std::size_t operator()(const key_hash& of) const;
    };

    std::unordered_map<std::uint64_t, tenant_terms> listed_;
    std::unordered_map<key_hash, std::uint64_t, first_bytes> by_key_;
    tenant_terms others_;
    fairness::by_class<double> weights_ = fairness::usual_class_weights;
    charging charged_by_ = charging::requests;
};

/// The class of a call. @param told by the client; nothing: it does not say
priority class_within(const tenant_terms& terms, std::optional<priority> told);

}  // namespace stagger::gateway
