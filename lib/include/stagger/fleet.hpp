#pragma once

#include <functional>
#include <string>

namespace stagger {

/** @brief How a client shares its limit with those of other processes and machines: over a Redis, or Valkey.
 *
 * All that name the same store, prefix, endpoint, account and model measure one limit together and divide it
 * evenly among those that have requests waiting. Where the store or the fleet's leader is gone each goes on
 * at the share that it was told last, and joins again when they are back. No API key enters the store: the
 * account is told apart by a hash. docs/fleet.md has the rest.
 *
 * Setters chain; everything is checked when the client is constructed. A class and no aggregate, as
 * client_options is.
 */
class fleet_options {
 public:
    /// redis://[user[:password]@]host[:port][/database], or rediss:// for TLS. Required.
    fleet_options& url(std::string text);
    /// Goes before a password in the URL. Default: none.
    fleet_options& password(std::string text);
    /// What all keys and channels begin with: letters, digits, '-', '_' and '.', 1 to 64. Default "stagger".
    fleet_options& prefix(std::string text);
    /// PEM file with certificate authorities that are trusted beside the system's. Default: none.
    fleet_options& ca_file(std::string path);
    /// Is told in a line what people should know: that the fleet is lost or found again, and what is wrong
    /// with the store. Called by a thread of the library's own; it must not throw and must not wait. Default:
    /// none.
    fleet_options& on_notice(std::function<void(const std::string&)> told);

    /// @throws std::invalid_argument naming the option, its rule and its value, but never a password
    void validate() const;

    const std::string& url() const { return url_; }
    const std::string& password() const { return password_; }
    const std::string& prefix() const { return prefix_; }
    const std::string& ca_file() const { return ca_file_; }
    const std::function<void(const std::string&)>& on_notice() const { return on_notice_; }

 private:
    std::string url_;
    std::string password_;
    std::string prefix_ = "stagger";
    std::string ca_file_;
    std::function<void(const std::string&)> on_notice_;
};

}  // namespace stagger
