#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "stagger/priority.hpp"
#include "stagger/time.hpp"
#include "stagger/token_usage.hpp"

namespace stagger::gateway {

/// How a call ended.
enum class call_outcome : std::uint8_t {
    answered,     ///< an answer of upstream's was passed on to its end
    turned_away,  ///< with an answer of the gateway's own
    departed,     ///< the client left before
    cut,          ///< the answer was broken off
};
std::string_view to_string(call_outcome one);

/// A model as it is told to others: clients may name it at any length, and in any bytes. At most 200 of them,
/// in whole characters, with "…" where some are left out.
std::string shown_model(std::string_view told);

/// What is told of a call when it has ended: nothing of its prompt or its answer, and no key.
struct call_record {
    std::uint64_t id = 0;        ///< 0: a request that was refused before it was one
    std::optional<priority> in;  ///< none: it passed without the line
    std::uint64_t tenant = 0;    ///< as `tenant_number` has it
    std::string tenant_name;     ///< as it is listed; empty: it is not
    std::string model;           ///< as `shown_model` has it; empty: not told
    unsigned status = 0;         ///< that its client was sent; 0: none
    duration waited{0};          ///< in line, before each attempt
    duration served{0};          ///< from sending the last attempt to the call's end; zero: none was sent
    unsigned attempts = 0;
    token_usage tokens;  ///< as upstream counted them
    call_outcome outcome = call_outcome::cut;
};

/// Hears of every call's end, on the gateway's executor.
class call_observer {
 public:
    call_observer() = default;
    call_observer(const call_observer&) = delete;
    call_observer& operator=(const call_observer&) = delete;

    virtual void ended(const call_record& one) noexcept = 0;

 protected:
    ~call_observer() = default;
};

}  // namespace stagger::gateway
