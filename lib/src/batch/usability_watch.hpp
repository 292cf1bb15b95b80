#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "stagger/completion.hpp"
#include "stagger/error.hpp"
#include "stagger/time.hpp"

namespace stagger::batch {

/** @brief Notices, at any time, that a server answers but cannot be used: the quota is used up, the key
 * revoked, the path or the model wrong, a page in the place of every answer.
 *
 * Kinds of prompts (models, keys) are told apart, since one can be wrong alone. A few such answers in a row,
 * with nothing answered that was sent later than the first of them, make a kind suspected: it pauses, and
 * then one prompt asks again. Is that answered, the kind goes on, and it takes twice as many until the next
 * suspicion; is it not, the kind is unusable. A pure state machine: it reads no clock and sends nothing, but
 * answers what is to be done.
 */
class usability_watch {
 public:
    /// As many by chance are rare, and a prompt list that is wrong as a whole does not lose much by them.
    static constexpr unsigned few = 4;
    /// Long enough for a gateway that takes up another key.
    static constexpr duration pause = std::chrono::seconds(1);

    enum class step {
        hold,       ///< nothing of the kind is to be sent
        ask_again,  ///< one of the kind is to be sent
        release,    ///< the kind goes on
        refuse,     ///< nothing of the kind will be sent any more
    };
    struct order {
        step what;
        std::uint64_t kind;
        friend bool operator==(const order&, const order&) = default;
    };

    /// An attempt has ended as `info` says: `last_error`, `message`, `served`, `alike`.
    std::optional<order> attempt_ended(time_point now, const diagnostic& info);
    /// What is to be done since time has passed.
    std::vector<order> look(time_point now);

    /// Whether an error can be one of an endpoint that is unusable, and not only of a prompt or of the
    /// moment.
    static bool may_be_endpoints(error_code error);
    /// Whether a result that failed so may be the endpoint's fault: it is no result before that is decided.
    /// @param ended when it failed: only what was sent later and answered shows that the endpoint could be
    /// used then
    bool is_open(const diagnostic& info, time_point ended) const;
    bool is_unusable(std::uint64_t kind) const;
    /// Everything that was sent is of kinds that are unusable.
    bool all_unusable() const;
    /// The same, for a reason that does not depend on the model: another one would not help.
    bool endpoint_unusable() const;
    bool any_unusable() const;
    /// Nothing will be sent any more: what is suspected is unusable, and so is what failed so where nothing
    /// at all was answered.
    void finish();

    /// Of the kind that was found unusable last; empty without one.
    std::string reason() const;
    error_code error() const { return error_; }

 private:
    enum class phase { usable, pausing, asked, unusable };
    struct kind_state {
        phase now = phase::usable;
        unsigned in_a_row = 0;
        unsigned enough = few;
        bool answered = false;
        time_point latest_answered = time_point::min();  // when that was sent
        time_point first_sent{};                         // of those in a row
        time_point since{};                              // the phase began
        error_code error;                                // the last of them
        std::string message;
    };

    /// Null beyond the kinds that are told apart: nothing is ever suspected there.
    kind_state* of(std::uint64_t kind);
    std::optional<order> succeeded(std::uint64_t kind, kind_state& one, time_point sent);
    std::optional<order> failed(std::uint64_t kind, kind_state& one, time_point now, time_point sent,
                                const diagnostic& info);
    void give_up(kind_state& one);

    std::map<std::uint64_t, kind_state> kinds_;
    bool answered_ = false;  // anything
    error_code error_;
    std::string message_;
};

}  // namespace stagger::batch
