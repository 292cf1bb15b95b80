#include "job/job_store.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "job/job_scripts.hpp"

namespace stagger::job {
namespace {

bool has(const redis::reply& got, std::string_view words) {
    return got.text.find(words) != std::string::npos;
}

// It is reading its data, or another one is to take its place.
bool is_for_a_moment(const redis::reply& got) {
    constexpr std::array<std::string_view, 6> begins{"LOADING",  "BUSY",        "MASTERDOWN",
                                                     "TRYAGAIN", "CLUSTERDOWN", "READONLY"};
    return std::any_of(begins.begin(), begins.end(),
                       [&](std::string_view each) { return got.text.starts_with(each); });
}

}  // namespace

job_store::job_store(const io_executor& executor, const fleet_options& fleet, const std::string& job,
                     store_user& user)
    : where_(detail::store_of(fleet)),
      user_(user),
      keys_(job_keys(fleet.prefix(), job)),
      connection_(std::make_shared<redis::connection>(executor, where_.address, where_.tls,
                                                      static_cast<redis::connection_user&>(*this),
                                                      answers_within)) {}

void job_store::run(const std::string& script, const std::vector<std::string>& arguments, answer then) {
    std::vector<std::string> words{"EVAL", script, std::to_string(keys_.size())};
    words.insert(words.end(), keys_.begin(), keys_.end());
    words.insert(words.end(), arguments.begin(), arguments.end());
    connection_->send(words, [this, then = std::move(then)](const redis::reply& got) { take(got, then); });
}

void job_store::take(const redis::reply& got, const answer& then) {
    if (!got.is_error()) return then({false, got});
    if (has(got, "OOM command")) return then({true, {}});
    // Its end is told by on_down.
    if (is_for_a_moment(got)) return connection_->open_again();
    user_.store_refuses(refusal(got));
}

std::string job_store::refusal(const redis::reply& got) const {
    // Behind it stands which line of a script it was.
    const std::string said = got.text.substr(0, got.text.find(". script:"));
    const std::string where = "redis at " + host_and_port(where_.address.target) + ": ";
    const bool lacks_right = has(got, "NOPERM") || has(got, "can't run this command");
    if (!lacks_right) return where + said;
    const auto& user = where_.address.user;
    return where + (user.empty() ? "the user" : "user " + user) + " lacks a right: " + said;
}

}  // namespace stagger::job
