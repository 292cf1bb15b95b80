#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <vector>

namespace stagger::detail {

/** @brief Keeps requests of some kinds from being sent: they wait here, or end.
 *
 * Behind the gate's line it would be too late, and in it there is no such wait: what is decided here is not
 * when a server can take a request but whether it can be used at all. One request at a time may be let
 * through to ask.
 */
class turnstile {
 public:
    enum class answer {
        goes,     ///< nothing holds it
        chosen,   ///< it is the one that is let through
        waits,    ///< it is to `wait`
        refused,  ///< its kind is not sent any more
    };
    /// Told once: whether it goes on, as the chosen one if nothing else does, or ends.
    using call = std::function<void(answer)>;

    /// Holds nobody: what there is no need to ask of.
    bool is_open() const { return kinds_.empty(); }
    answer ask(std::uint64_t alike);
    /// Whether a kind is sent as usual.
    bool lets_pass(std::uint64_t alike) const { return !kinds_.contains(alike); }

    /// @param who to be forgotten by
    /// @param bytes of the request: the smallest is the first to be let through
    void wait(const void* who, std::uint64_t alike, std::size_t bytes, call told);
    /// True if it waited; it is not called any more.
    bool forget(const void* who);

    /// Requests of a kind wait from now on.
    void hold(std::uint64_t alike);
    /// One of those of a kind that is held, or else the next that comes, is let through.
    void let_one(std::uint64_t alike);
    /// A kind is sent again.
    void release(std::uint64_t alike);
    /// Those of a kind end, and all that will come.
    void refuse(std::uint64_t alike);
    /// Nobody waits any more.
    void release_all();

    std::size_t waiting() const { return waiting_.size(); }

 private:
    struct state {
        bool refused = false;
        bool one_may_go = false;
    };
    struct guest {
        const void* who;
        std::uint64_t alike;
        std::size_t bytes;
        call told;
    };

    void call_all(std::uint64_t alike, answer what);

    std::map<std::uint64_t, state> kinds_;  // none that is sent as usual
    std::vector<guest> waiting_;
};

}  // namespace stagger::detail
