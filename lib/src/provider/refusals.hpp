#pragma once

#include <cstddef>
#include <optional>

#include "provider/description.hpp"
#include "provider/model.hpp"
#include "stagger/random.hpp"

namespace stagger::provider {

/// Refusals that are no limit's: closures and those by chance.
class refusals {
 public:
    struct refusal {
        refusal_cause cause = refusal_cause::chance;
        unsigned status = 503;
        bool charged = false;
        /// How the time until it is open again is told; none for what is drawn, since nobody knows one.
        retry_after_hint retry_after = retry_after_hint::none;
    };

    refusals(refusals_description description, std::uint64_t seed, time_point origin);

    /// What refuses a request now, while so many are being served; nothing if nothing does.
    std::optional<refusal> strike(time_point now, std::size_t served);
    /// The end of the closure that `now` falls into, and of those that follow it without a gap; else `now`.
    time_point closure_end(time_point now) const;
    /// Whether nothing has a chance to pass until one of those being served has left.
    bool sheds_all(std::size_t served) const;

 private:
    const closure* closed_by(time_point now) const;

    refusals_description description_;
    random_source random_;
    time_point origin_;
};

}  // namespace stagger::provider
