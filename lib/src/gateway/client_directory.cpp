#include "gateway/client_directory.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "gateway/tenant.hpp"

namespace stagger::gateway {

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

std::optional<unsigned> digit_of(char character) {
    const char lower =
        character >= 'A' && character <= 'F' ? static_cast<char>(character + ('a' - 'A')) : character;
    const auto found = hex_digits.find(lower);
    if (found == hex_digits.npos) return std::nullopt;
    return static_cast<unsigned>(found);
}

}  // namespace

std::optional<key_hash> parse_key_hash(std::string_view text) {
    key_hash made{};
    if (text.size() != 2 * made.size()) return std::nullopt;
    for (std::size_t i = 0; i < made.size(); ++i) {
        const auto high = digit_of(text[2 * i]);
        const auto low = digit_of(text[2 * i + 1]);
        if (!high || !low) return std::nullopt;
        made[i] = static_cast<unsigned char>(*high << 4U | *low);
    }
    return made;
}

// They are spread evenly already.
std::size_t client_directory::first_bytes::operator()(const key_hash& of) const {
    std::size_t made = 0;
    for (std::size_t i = 0; i < sizeof made; ++i) made = made << 8U | of[i];
    return made;
}

client_directory::client_directory(const std::vector<listed_tenant>& listed, tenant_terms others,
                                   const fairness::by_class<double>& weights, charging by)
    : others_(std::move(others)), weights_(weights), charged_by_(by) {
    for (const listed_tenant& one : listed) {
        const std::uint64_t number = tenant_number(one.terms.name);
        if (!listed_.emplace(number, one.terms).second)
            throw std::invalid_argument("\"" + one.terms.name + "\" is listed twice");
        for (const key_hash& key : one.keys) {
            if (!by_key_.emplace(key, number).second)
                throw std::invalid_argument("a key of \"" + one.terms.name + "\" is listed twice");
        }
    }
}

std::optional<std::uint64_t> client_directory::owner_of(std::string_view key) const {
    const auto found = by_key_.find(sha256_of(key));
    if (found == by_key_.end()) return std::nullopt;
    return found->second;
}

bool client_directory::has_budgets() const {
    return others_.a_day.any() ||
           std::ranges::any_of(listed_, [](const auto& one) { return one.second.a_day.any(); });
}

bool client_directory::counts_money() const {
    const auto counts = [](const auto& one) { return one.second.a_day.money.has_value(); };
    return others_.a_day.money || std::ranges::any_of(listed_, counts);
}

const tenant_terms& client_directory::terms_of(std::uint64_t tenant) const {
    const auto found = listed_.find(tenant);
    return found == listed_.end() ? others_ : found->second;
}

priority class_within(const tenant_terms& terms, std::optional<priority> told) {
    return std::max(told.value_or(terms.usual), terms.highest);
}

}  // namespace stagger::gateway
