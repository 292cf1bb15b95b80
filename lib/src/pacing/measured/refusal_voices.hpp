#pragma once

#include <array>
#include <cmath>
#include <cstddef>

#include "pacing/measured/refusals_by_chance.hpp"
#include "stagger/hints.hpp"

namespace stagger {

/** @brief What a server's refusals tell of chance, those that speak of a limit apart from those that speak of
 * its load.
 *
 * A server that is overloaded says so by another status than a limit does (503 or 529, not 429), so what
 * chance refuses by one voice is no reason to doubt the other: a bucket is measured as exactly behind random
 * 529 as without them. A server that says one thing for both is judged by that voice alone.
 */
class refusal_voices {
 public:
    enum class voice : unsigned char { limit, load };

    struct heard {
        refusals_by_chance chance;
        /// The first send that left when chance was known to matter: what was refused before may have been
        /// the onset of a limit, seen out of order.
        send_number chance_matters_since = 0;
        double caused = 0;  ///< refusals that were a limit's, the latest ones most
    };

    static voice of(const hints& said) { return said.overloaded ? voice::load : voice::limit; }
    heard& operator[](voice whose) { return each_[static_cast<std::size_t>(whose)]; }
    const heard& operator[](voice whose) const { return each_[static_cast<std::size_t>(whose)]; }

    /// A limit has refused so many by this voice.
    void limit_spoke(voice whose, double refusals) {
        constexpr double kept = 0.97;
        for (heard& each : each_) each.caused *= std::pow(kept, refusals);
        (*this)[whose].caused += refusals;
    }
    /// Whether it is another voice by which the limit speaks: then what this one refuses is no limit's, as
    /// far as is known.
    bool limit_speaks_otherwise_than(voice whose) const {
        constexpr double clearly = 3;
        const voice other = whose == voice::limit ? voice::load : voice::limit;
        return (*this)[other].caused > clearly * (1 + (*this)[whose].caused);
    }

 private:
    std::array<heard, 2> each_;
};

}  // namespace stagger
