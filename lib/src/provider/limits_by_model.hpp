#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "provider/rate_limits.hpp"

namespace stagger::provider {

/** All limits on requests and tokens: everybody's, and beside them those of the model that a request names.
 *
 * The functions are those of `rate_limits`, for a request of one model.
 */
class limits_by_model {
 public:
    limits_by_model(const provider_description& description, time_point begin);

    bool admit(time_point now, std::string_view model, const token_cost& tokens);
    void take(time_point now, std::string_view model, const token_cost& tokens);
    void take_refused(time_point now, std::string_view model, const token_cost& tokens);
    void put_back(time_point now, time_point taken, std::string_view model, const token_cost& tokens);
    void settle(time_point now, time_point taken, std::string_view model, const token_cost& tokens);
    duration wait(time_point now, std::string_view model, const token_cost& tokens);
    std::vector<limit_report> reports(time_point now, std::string_view model);
    /// Other limits for everybody from now on; the models keep theirs.
    void replace(const std::vector<limit>& limits, time_point now);

 private:
    rate_limits* of(std::string_view model);

    rate_limits everybodys_;
    std::map<std::string, rate_limits, std::less<>> own_;
};

}  // namespace stagger::provider
