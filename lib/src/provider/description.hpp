#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "stagger/time.hpp"

/// What a scenario file says about a provider: plain values, checked by the reader in scenario/.
namespace stagger::provider {

enum class unit { requests, tokens };

/// Which tokens of a request a limit on tokens counts.
enum class counted_tokens {
    reserved,  ///< the prompt's and those that its answer may have, from its arrival on
    settled,   ///< the same, but when the answer ends only what was made of it
    made,      ///< the prompt's, and when the answer ends what was made of it
    input,     ///< the prompt's
    output,    ///< when the answer ends what was made of it; admits while no more than all is used
};

struct token_bucket {
    unit counts = unit::requests;
    double rate_per_s = 1;
    double burst = 1;
    counted_tokens counted = counted_tokens::reserved;

    friend bool operator==(const token_bucket&, const token_bucket&) = default;
};
struct fixed_window {
    unit counts = unit::requests;
    double quota = 1;
    duration window{};
    duration phase{0};
    counted_tokens counted = counted_tokens::reserved;

    friend bool operator==(const fixed_window&, const fixed_window&) = default;
};
struct sliding_window {
    unit counts = unit::requests;
    double quota = 1;
    duration window{};
    counted_tokens counted = counted_tokens::reserved;

    friend bool operator==(const sliding_window&, const sliding_window&) = default;
};
struct concurrency_limit {
    unsigned max = 1;
    unsigned queue = 0;
    duration queue_timeout = std::chrono::seconds(3);

    friend bool operator==(const concurrency_limit&, const concurrency_limit&) = default;
};
using limit = std::variant<token_bucket, fixed_window, sliding_window, concurrency_limit>;

enum class retry_after_hint { none, exact, integer, milliseconds, wrong };
enum class header_hint { none, openai, ietf, anthropic };
enum class distribution { constant, lognormal };

struct hints_description {
    retry_after_hint retry_after = retry_after_hint::none;
    duration wrong = std::chrono::seconds(30);  ///< what `wrong` says
    header_hint headers = header_hint::none;

    friend bool operator==(const hints_description&, const hints_description&) = default;
};
struct latency_description {
    distribution kind = distribution::constant;
    duration mean = std::chrono::seconds(2);
    double sigma = 0.5;  ///< of the logarithm

    friend bool operator==(const latency_description&, const latency_description&) = default;
};
struct limits_change {
    duration at{};
    std::vector<limit> limits;

    friend bool operator==(const limits_change&, const limits_change&) = default;
};
struct outage {
    duration from{};
    duration to{};
    unsigned status = 503;  ///< of every answer meanwhile

    friend bool operator==(const outage&, const outage&) = default;
};
struct faults_description {
    double error_rate = 0;
    unsigned error_status = 500;
    std::vector<outage> outages;

    friend bool operator==(const faults_description&, const faults_description&) = default;
};

/// In the place of a refusal's status: the connection is closed without an answer. No HTTP status is below
/// 100, and 0 is what has no answer yet.
inline constexpr unsigned connection_closed = 1;

/// Arrivals that are refused by a draw, whatever the limits say: a load balancer sheds them.
struct chance_refusals {
    double share = 0;  ///< of the arrivals, up to 1
    unsigned status = 503;
    bool charged = false;  ///< to the limits, as `charge_rejections` does it
    /// Where `to_in_flight` is not 0 the share depends on how many requests are being served: none is refused
    /// up to `from_in_flight`, the whole share from `to_in_flight` on, and in between it grows evenly.
    unsigned from_in_flight = 0;
    unsigned to_in_flight = 0;

    bool depends_on_load() const { return to_in_flight > 0; }
    friend bool operator==(const chance_refusals&, const chance_refusals&) = default;
};
/// A time in which nothing is let through to the limits: a model that loads, a quota that others have used
/// up.
struct closure {
    duration from{};
    duration to{};
    unsigned status = 503;
    retry_after_hint retry_after = retry_after_hint::none;  ///< when it is open again, told as this says

    friend bool operator==(const closure&, const closure&) = default;
};
/// Refusals that are no limit's: they come before the limits, and neither know nor tell anything of them.
/// And how late any refusal is told.
struct refusals_description {
    std::vector<chance_refusals> by_chance;
    std::vector<closure> closures;
    /// A prompt that contains one of these is always refused; told by servers, a simulation has no prompts.
    std::vector<std::string> prompts;
    duration delay{0};  ///< of every refusal's answer, a limit's too; it holds no place meanwhile

    friend bool operator==(const refusals_description&, const refusals_description&) = default;
};

/// One language model of several that the provider has.
struct model_description {
    bool refused = false;       ///< none of its requests is ever admitted
    std::vector<limit> limits;  ///< beside the provider's; on requests and tokens, not on those in flight

    friend bool operator==(const model_description&, const model_description&) = default;
};
/// How servers tell that a request is refused, or has failed. A simulation knows no difference.
enum class error_form {
    status,         ///< by the HTTP status
    inside_answer,  ///< behind a status of 200, in the place of the answer or as an event of its stream
    quota,          ///< of a refusal: the account's quota of a day or a month is used up
    malformed,      ///< of a fault: a page in the place of the answer
    cut,            ///< of a fault: the connection breaks inside the answer
};

struct answers_description {
    unsigned default_max_tokens = 16;  ///< what a request may make that does not say how much
    unsigned tokens = 0;               ///< what each answer is said to have; 0: as many as its text
    unsigned cached_tokens = 0;        ///< of a prompt, that are said to come from a cache, at most
    error_form refusals = error_form::status;
    error_form faults = error_form::status;

    friend bool operator==(const answers_description&, const answers_description&) = default;
};

struct provider_description {
    std::vector<limit> limits;
    bool charge_rejections = false;
    unsigned rejection_status = 429;
    duration lockout_silence{0};  ///< zero: no lockout
    hints_description hints;
    latency_description latency;
    duration rtt = std::chrono::milliseconds(50);
    double rtt_sigma = 0.1;
    std::vector<limits_change> changes;
    faults_description faults;
    refusals_description refusals;
    std::map<std::string, model_description, std::less<>>
        models;  ///< by name; others have no limits of their own
    answers_description answers;

    /// Whether none of this model's requests is ever admitted.
    bool refuses_model(std::string_view name) const {
        const auto found = models.find(name);
        return found != models.end() && found->second.refused;
    }
    friend bool operator==(const provider_description&, const provider_description&) = default;
};

struct token_costs {
    distribution kind = distribution::constant;
    double mean = 300;
    double sigma = 0.5;

    friend bool operator==(const token_costs&, const token_costs&) = default;
};
struct client_description {
    std::uint64_t requests = 1;
    unsigned concurrency = 1024;
    duration start{0};
    bool warm = false;
    double rpm = 0;
    double tpm = 0;
    token_costs tokens;
    /// What answers make. Without it `tokens` is the whole cost of a request, all of it known on its arrival.
    std::optional<token_costs> output;
    unsigned max_tokens = 0;                    ///< that a request asks for; 0: it does not say
    std::vector<std::uint64_t> always_refused;  ///< numbers of requests, from 0, ascending
    std::vector<std::string> models;            ///< which the requests name in turn

    friend bool operator==(const client_description&, const client_description&) = default;
};

struct scenario {
    std::string name;
    std::uint64_t seed = 1;
    provider_description provider;
    std::vector<client_description> clients;

    friend bool operator==(const scenario&, const scenario&) = default;
};

}  // namespace stagger::provider
