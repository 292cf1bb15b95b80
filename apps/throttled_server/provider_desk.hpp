#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "provider/description.hpp"
#include "provider/draw.hpp"
#include "provider/model.hpp"
#include "stagger/random.hpp"
#include "throttled_server/agenda.hpp"
#include "throttled_server/statistics.hpp"

namespace stagger::server {

/** @brief The provider model in real time: a request is brought here and comes back when its answer may be
 * sent.
 *
 * Travelling (the scenario's round trip), standing in the provider's line and being served are waits on one
 * timer. Runs on one executor that never runs two handlers at once.
 */
class provider_desk {
 public:
    /// A connection, which brings one request at a time.
    class visitor {
     public:
        explicit visitor(const boost::asio::any_io_executor& executor) : changed_(executor, 1) {}
        /// The client is gone: whatever the visitor waits for ends, and what it holds is freed.
        void leave();
        bool gone() const { return gone_; }

     private:
        friend class provider_desk;
        void wake();

        boost::asio::experimental::channel<void(boost::system::error_code)> changed_;
        bool gone_ = false;
        bool due_ = false;
        std::optional<provider::decision> called_;  // from the provider's line
    };

    provider_desk(const boost::asio::any_io_executor& executor, const provider::scenario& scenario,
                  std::uint64_t seed, statistics_recorder& recorder);

    /// What the provider decided, when its answer may be sent; nothing if the visitor left before. What
    /// `what` refers to must live until then.
    boost::asio::awaitable<std::optional<provider::decision>> visit(visitor& who, provider::arrival what,
                                                                    std::size_t caller);
    /** @brief The same up to the decision: what is admitted has yet to be served.
     *
     * Nothing of the way back is travelled; nothing if the visitor left before.
     */
    boost::asio::awaitable<std::optional<provider::decision>> enter(visitor& who, provider::arrival what,
                                                                    std::size_t caller);

    /// The place of an admitted request whose answer is sent while it is served.
    struct held_place {
        provider::request_id id{};
        std::size_t caller = 0;
        time_point entered{};
        agenda::ticket end{};
        bool given_back = false;
    };
    /// Holds the place from now until the service ends. `held` must live until `vacate`.
    void occupy(const provider::decision& admitted, std::size_t caller, held_place& held);
    /// The answer was sent, or the visitor has left.
    void vacate(const visitor& who, held_place& held);
    /// Waits until then, or until the visitor leaves.
    boost::asio::awaitable<void> pause(visitor& who, time_point until);
    /// Half a round trip.
    duration half_trip();

    /// For timers of the server's own.
    agenda& timers() { return agenda_; }

 private:
    boost::asio::awaitable<std::optional<provider::decision>> stand_in_line(visitor& who,
                                                                            provider::request_id place);
    /// Calls those from the line whom the provider admits or refuses now.
    void settle_line();

    agenda agenda_;
    provider::model model_;
    statistics_recorder& recorder_;
    const provider::provider_description described_;
    random_source trips_;
    std::unordered_map<std::uint64_t, visitor*> line_;
    time_point alarm_ = never;  // the earliest look at the line that is planned
};

}  // namespace stagger::server
