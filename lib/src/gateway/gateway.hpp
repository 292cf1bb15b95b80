#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "dialect/secrets.hpp"
#include "fairness/waiting_lines.hpp"
#include "gateway/access_rules.hpp"
#include "gateway/call_machine.hpp"
#include "gateway/call_record.hpp"
#include "gateway/client_directory.hpp"
#include "gateway/day_books.hpp"
#include "gateway/kept_places.hpp"
#include "gateway/promised_returns.hpp"
#include "gateway/recent_waits.hpp"
#include "gateway/service_times.hpp"
#include "gateway/upstream.hpp"
#include "gateway/usual_tokens.hpp"
#include "gateway/waiting_call.hpp"
#include "server/service.hpp"
#include "stagger/client.hpp"
#include "stagger/gate.hpp"

namespace stagger::gateway {

class call;
using fairness::fair_line;
using fairness::line_member;
using fairness::waiting_lines;

/// Days since 1970 by the system's clock.
day_books::day_number day_of_utc();

struct gateway_options {
    /// Base URL, key, headers, dialect and time limits. Without a key the client's own goes through.
    client_options upstream;
    coordinator_options limits;
    wire::secrets hidden;  ///< masked in messages, should upstream repeat them
    call_rules calls;
    access_rules access;
    std::shared_ptr<const client_directory> clients = std::make_shared<const client_directory>();
    /// What tokens of a model cost; nothing where that is not known. Empty: no prices are known.
    std::function<std::optional<double>(std::string_view model, const token_usage&)> price;
    /// The number of the day to which budgets belong; days of UTC, unless a test says otherwise.
    std::function<day_books::day_number()> today = day_of_utc;
    bool comments = true;                                ///< streams that wait are told so in comments
    std::size_t most_waiting = 50'000;                   ///< beyond: 429
    std::uint64_t most_waiting_bytes = 256ULL << 20ULL;  ///< of bodies; beyond: 429
};

/// What a gateway has done so far.
struct gateway_counts {
    std::uint64_t calls = 0;
    std::uint64_t answered = 0;     ///< an answer of upstream's was passed on to its end
    std::uint64_t turned_away = 0;  ///< with an answer of the gateway's own
    std::uint64_t departed = 0;     ///< the client left before
    std::uint64_t cut = 0;          ///< upstream broke off
    std::uint64_t resumed = 0;      ///< came again for a place that was kept
};

/** @brief Lets any client wait in one fair line before one upstream, at the pace that it admits.
 *
 * A POST to the API waits in the line of its model and key, is sent byte for byte, sent again as long as it
 * is refused and its client is there, and its answer is passed back byte for byte, as it comes and no faster
 * than the client reads. See docs/serve.md.
 *
 * @par Thread safety
 * Unsafe: everything runs on the executor, one handler at a time.
 */
class gateway final : public http_server::service, public std::enable_shared_from_this<gateway> {
 public:
    /// @throws std::invalid_argument as a client does
    gateway(const io_executor& executor, const gateway_options& chosen);

    io_awaitable<void> serve(http_server::exchange& with) override;
    http_server::whole_answer refusal(unsigned status) override;

    /** @brief Who may call and what tenants get, and who upstream is told that we are, for calls from now on.
     *
     * Calls that wait keep their places; a tenant's bounds, and what classes share, hold for them, too.
     */
    void replace(std::shared_ptr<const client_directory> clients, std::string api_key);
    const client_directory& clients() const { return *clients_; }
    /// Who waits is turned away from now on; what was sent upstream goes on.
    void drain();
    const stagger::gate& gate() const { return gate_; }
    const gateway_counts& counts() const { return counts_; }
    std::size_t waiting() const { return lines_.waiting(); }
    std::size_t waiting(priority in) const { return lines_.waiting(in); }
    std::uint64_t waiting_bytes() const { return waiting_bytes_; }
    /// Of calls that were sent upstream.
    const recent_waits& waits(priority in) const { return waits_[static_cast<std::size_t>(in)]; }
    /// Of a tenant's calls that were sent; null where none is known. Those that are listed, and some others.
    const recent_waits* waits_of(std::uint64_t tenant) const;
    /// Calls of a tenant before the coordinator and upstream.
    std::size_t going_of(std::uint64_t tenant) const { return lines_.going_of(tenant); }
    const std::unordered_map<std::uint64_t, recent_waits>& waits_by_tenant() const { return tenant_waits_; }
    /// Who waits now, in the fair line or before the coordinator, the first to have come first.
    /// @param most of them that are told one by one
    waiting_crowd crowd(std::size_t most, time_point now) const;
    /// `told` hears of every call that ends from now on, and must outlive the gateway.
    void observe(call_observer& told) { observers_.push_back(&told); }
    /// What tenants with budgets have used today.
    day_books& books() { return books_; }
    const day_books& books() const { return books_; }
    const gateway_options& options() const { return chosen_; }
    bool is_draining() const { return draining_; }

 private:
    friend class call;

    outlook look_from(std::size_t ahead, time_point now) const;
    void move_on(waiting_lines::kind of);
    void move_on(const std::vector<waiting_lines::kind>& all);
    void note_wait(const call_record& one);
    service_times& served(waiting_lines::kind of);
    void ended(const call_record& one);

    const io_executor executor_;
    const gateway_options chosen_;
    upstream upstream_;
    stagger::gate gate_;
    std::shared_ptr<const client_directory> clients_;
    wire::secrets hidden_;  // keys of the past, too: upstream may still repeat them
    waiting_lines lines_;
    usual_tokens usual_tokens_;
    day_books books_;
    kept_places kept_;
    promised_returns promised_;
    std::unordered_map<waiting_lines::kind, service_times> served_;
    service_times served_others_;
    std::unordered_set<call*> calls_;
    std::uint64_t waiting_bytes_ = 0;
    gateway_counts counts_;
    std::array<recent_waits, 3> waits_;  // by class
    std::unordered_map<std::uint64_t, recent_waits> tenant_waits_;
    std::vector<call_observer*> observers_;
    bool draining_ = false;
};

}  // namespace stagger::gateway
