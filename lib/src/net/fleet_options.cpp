#include <algorithm>
#include <stdexcept>
#include <utility>

#include "redis/redis_address.hpp"
#include "stagger/fleet.hpp"

namespace stagger {

fleet_options& fleet_options::url(std::string text) {
    url_ = std::move(text);
    return *this;
}
fleet_options& fleet_options::password(std::string text) {
    password_ = std::move(text);
    return *this;
}
fleet_options& fleet_options::prefix(std::string text) {
    prefix_ = std::move(text);
    return *this;
}
fleet_options& fleet_options::ca_file(std::string path) {
    ca_file_ = std::move(path);
    return *this;
}
fleet_options& fleet_options::on_notice(std::function<void(const std::string&)> told) {
    on_notice_ = std::move(told);
    return *this;
}

void fleet_options::validate() const {
    redis::parse_redis_address(url_);
    constexpr std::size_t longest = 64;
    const bool is_name = !prefix_.empty() && prefix_.size() <= longest &&
                         std::all_of(prefix_.begin(), prefix_.end(), [](char c) {
                             return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                                    (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.';
                         });
    if (!is_name)
        throw std::invalid_argument("fleet prefix: must be 1 to 64 letters, digits, '-', '_' and '.', is \"" +
                                    prefix_ + "\"");
}

}  // namespace stagger
