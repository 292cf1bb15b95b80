#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <string>

#include "batch/recorded_prompts.hpp"
#include "stagger/batch.hpp"
#include "stagger/error.hpp"
#include "stagger/time.hpp"

namespace stagger::batch {

/// Where the results of a run go, a line each, and what it has results of already.
class result_output {
 public:
    struct written {
        error_code error;
        std::size_t lines = 0;  ///< that are kept, also where the rest failed
    };

    virtual ~result_output() = default;

    /// What there are results of from the beginning.
    virtual const recorded_prompts& recorded() const = 0;
    /// A result as it is written, without the line's end.
    virtual std::string line_of(const batch_result& result) const = 0;
    /// Appends whole lines, each with its end.
    virtual boost::asio::awaitable<written> write_lines(std::string lines) = 0;
    /// To be called now and then: makes what was written last, as it is promised.
    virtual error_code sync_if_due(time_point now) = 0;
    /// At the end.
    virtual error_code sync() = 0;
    /// How many of the lines that were written last, as it is promised; the first ones.
    virtual std::size_t lines_kept() const = 0;
};

}  // namespace stagger::batch
