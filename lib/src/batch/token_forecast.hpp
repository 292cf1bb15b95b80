#pragma once

#include <cstddef>
#include <unordered_map>

#include "stagger/completion.hpp"
#include "wire/dialect.hpp"

namespace stagger::batch {

/** What prompts cost in tokens, estimated by their length and corrected by what the server counted before.
 *
 * How many bytes make a token depends on the language, how long answers are on what is asked. What a request
 * may generate at most is never corrected: providers charge it whether it is used or not.
 */
class token_forecast {
 public:
    /// @param position tells prompts apart until they have `ended`
    double expect(std::size_t position, const completion_request& request);
    /// The prompt ended; what the server did not count teaches nothing.
    void ended(std::size_t position, const token_usage& counted);

 private:
    /// Counted over estimated, of all until now.
    class correction {
     public:
        void learn(double estimated, double counted);
        double factor() const;

     private:
        double estimated_ = 0;
        double counted_ = 0;
    };

    std::unordered_map<std::size_t, wire::token_estimate> open_;
    correction prompts_;
    correction answers_;
};

}  // namespace stagger::batch
