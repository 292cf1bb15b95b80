#pragma once

#include <string>
#include <string_view>

#include "stagger/client.hpp"

namespace stagger::detail {

/// What a fleet's limit is one of: an endpoint, an account there, a model.
struct fleet_subject {
    std::string endpoint;  ///< scheme, host, port and path
    std::string model;
    std::string hash;  ///< of these and the account: 32 hexadecimal digits that tell nothing of a key
};
/// @throws std::invalid_argument as parse_endpoint does
fleet_subject subject_of(const client_options& options);

/// A name that no other member has.
std::string member_name();

/// The keys and channels of one limit. The braces keep a cluster from spreading them.
class fleet_names {
 public:
    fleet_names(const std::string& prefix, const std::string& hash) : stem_(prefix + ":{" + hash + "}:") {}

    std::string lead() const { return stem_ + "lead"; }      ///< who leads, and the term; expires in a second
    std::string young() const { return stem_ + "young"; }    ///< while the leader has just begun
    std::string limits() const { return stem_ + "limits"; }  ///< what was learned; expires in an hour
    std::string state() const { return stem_ + "state"; }    ///< for `fleet status`; expires in seconds
    std::string in() const { return stem_ + "in"; }          ///< channel: reports to the leader
    std::string all() const { return stem_ + "all"; }        ///< channel: heartbeats to the members
    std::string member(std::string_view name) const { return stem_ + "m:" + std::string(name); }

 private:
    std::string stem_;
};

}  // namespace stagger::detail
