#pragma once

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <concepts>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "stagger/backoff_policy.hpp"
#include "stagger/client_counters.hpp"
#include "stagger/completion.hpp"
#include "stagger/completion_stream.hpp"
#include "stagger/dialect.hpp"
#include "stagger/fleet.hpp"
#include "stagger/gate.hpp"
#include "stagger/observer.hpp"
#include "stagger/retry_policy.hpp"
#include "stagger/route.hpp"
#include "stagger/throwing_token.hpp"

namespace stagger {

namespace detail {
class client_handle;
class client_state;
struct client_access;
}  // namespace detail

/** @brief Options of a `client`. Setters chain; everything is checked when the client is constructed.
 *
 * Not an aggregate on purpose: g++ 12 destroys aggregate temporaries inside `co_await` twice.
 */
class client_options {
 public:
    /// Where the API is, `http://` or `https://`, with any path; a query is sent with every request, as
    /// Azure's api-version is. The base URLs of the official clients are right, with or without the API's
    /// version, and so is an operation's whole path. Required.
    client_options& base_url(std::string url);
    /// Sent as the dialect wants it; empty (default): nothing is sent.
    client_options& api_key(std::string key);
    /// Model of requests that name none. May be empty where the server needs none.
    client_options& model(std::string name);
    /// Default openai_chat.
    client_options& dialect(stagger::dialect value);
    /// Which endings are tried again. Default: by the table in docs/retries.md, without a limit on attempts.
    /// `fallback`, `reraise` and `statistics` are of a single call: a chain with one of them does not compile
    /// here, and a named policy that was given one is refused when the client is constructed.
    client_options& retry(retry_policy policy);
    template <std::same_as<single_call_policy> Policy>
    client_options& retry(const Policy& policy) = delete;
    /** @brief Gives up, with errc::prompt_failed, a request whose attempts fail while others are answered.
     *
     * That is: at least `tries` of its attempts met accidents (5xx, broken connections, time limits), the
     * first of them was sent at least `over` ago, and since then requests of the same model and key were
     * answered, and more of them than came into trouble. Where nothing is answered the server is down, and
     * the request is tried on. Not where `retry` has a limit on attempts of its own.
     *
     * @param tries default 6; 0: never
     * @param over >= 0, default 15 s: longer than a server needs to be restarted behind its proxy
     */
    client_options& give_up_after(unsigned tries, duration over = std::chrono::seconds(15));
    /// A task's own wait after an accident. Default: full jitter, 0.5 s doubling up to 30 s.
    client_options& backoff(backoff_policy policy);
    /// Whether `backoff` also applies after a rejection that carries no Retry-After to obey. Default false:
    /// the coordinator decides then.
    client_options& backoff_after_rejection(bool yes);
    /// Whether a refused request waits for its own Retry-After. Default true; some retry policies know of
    /// none.
    client_options& obey_retry_after(bool yes);

    /// One attempt, > 0: from leave to send it, connecting included, to its last byte received, or, of a
    /// streamed answer, to the end of its head. Ends it with the time limit of the phase that it was in, such
    /// as errc::answer_timed_out; another attempt may follow. Default 300 s, as LLM Engine's own client.
    client_options& attempt_timeout(duration limit);
    /// Of a streamed answer: how long a piece of it may take to come, from the moment that it is asked for, >
    /// 0; of the first piece, from the head, where `attempt_timeout` ends: past it, another attempt may
    /// follow. Comments do not count: a proxy sends them whatever the model does. Default 120 s: a model may
    /// think that long before its first word.
    client_options& stream_idle_timeout(duration limit);
    /// Looking up the host's name, > 0. Past it: errc::resolve_timed_out. Default 10 s.
    client_options& resolve_timeout(duration limit);
    /// Connecting, all addresses of the host together, > 0. Past it: errc::connect_timed_out. Default 10 s.
    client_options& connect_timeout(duration limit);
    /// The TLS handshake, > 0. Past it: errc::handshake_timed_out. Default 10 s.
    client_options& handshake_timeout(duration limit);
    /// Sending the request, > 0. Past it: errc::send_timed_out. Default 30 s: prompts may be large.
    client_options& send_timeout(duration limit);
    /// A request from the call to its end, all waiting and attempts included, and of a streamed answer all of
    /// its pieces. Past it, or as soon as a Retry-After lies behind it: errc::deadline_exceeded.
    /// >= 0; zero: none. Default: `default_deadline` for what `async_complete`, `async_post` and
    /// `async_stream` are asked, since somebody awaits that; none for a batch, which may wait for a server
    /// for hours.
    client_options& deadline(duration limit);
    static constexpr duration default_deadline = std::chrono::minutes(10);
    /// How long an idle connection is kept for reuse, >= 0. Default 60 s.
    client_options& keep_alive(duration longest);
    /// Open connections at most, from 1; 0 (default): as many as the gate lets be in flight. An attempt that
    /// finds none free waits for one, within its `attempt_timeout`.
    client_options& max_connections(unsigned count);

    /// PEM file with certificate authorities trusted in addition to the system's, or, with `ca_only`, in
    /// their place. Empty (default): the system's alone.
    client_options& ca_file(std::string path);
    /// Trusts nobody but the authorities of `ca_file`, which must be given then. Default false.
    client_options& ca_only(bool yes);
    /// What is shown to a server that demands a certificate of its clients: a PEM file with the certificate
    /// and what it rests on, in that order, and one with its private key, which no passphrase protects.
    /// Default: none; such a server ends requests with errc::client_certificate_refused.
    client_options& client_certificate(std::string certificate_file, std::string key_file);
    /** @brief A proxy for the requests: "http://proxy:3128", "https://user:password@proxy:8443",
     * "proxy:3128".
     *
     * To an https endpoint it is asked to open a way by CONNECT, and sees nothing but its name; requests to
     * an http endpoint it passes on. Scheme: http (default) or https, by which the proxy itself is spoken to:
     * its certificate is checked as the server's is, and shown none. Without a port it is the scheme's, 80 or
     * 443. User and password go by Basic. Of the environment nothing is read. A proxy that refuses ends
     * requests with errc::proxy_refused; one that cannot reach the server is an accident,
     * errc::proxy_failed.
     *
     * @param url empty (default): none
     */
    client_options& proxy(std::string url);
    /// Hosts that `proxy` is not for, apart by commas: a name with all below it, an address, a network
    /// ("10.0.0.0/8"), each with or without a port, or "*". Default: none.
    client_options& no_proxy(std::string hosts);
    /// Connects to this socket of the Unix domain in the place of the host that `base_url` names, which is
    /// still told to the server, and whose certificate is checked with https. Not together with `proxy`.
    /// @param path at most 107 bytes; empty (default): none
    client_options& unix_socket(std::string path);
    /// The address of a host, which is then looked up nowhere: of the base URL's, or the proxy's. May be
    /// called for several; several of one host and port are tried in that order.
    /// @param address of IPv4 or IPv6, without brackets
    client_options& resolve(std::string host, std::uint16_t port, std::string address);
    /// A header sent with every request, instead of the client's own Accept, Authorization, User-Agent or
    /// X-Api-Key where it is one of these. May be called for several. Refused are control characters and what
    /// tells how the message is to be read: Host, Connection, Content-Type, Accept-Encoding and the like.
    client_options& header(std::string name, std::string value);
    /// Bound of an answer's head in bytes, from 1024. Default 64 KiB.
    client_options& max_header_bytes(std::size_t count);
    /// Bound of an answer's body in bytes, from 1024; of a streamed one, of all its pieces together. Default
    /// 64 MiB.
    client_options& max_body_bytes(std::size_t count);
    /** @brief Bound of what all answers that are being received hold together, in bytes.
     *
     * Counted over all connections of the client: bodies as far as they have come, and of streams what was
     * read of them and not handed over, and their text. Where it is reached, reading waits: nothing fails for
     * it, and the server is slowed down by its connection. Room for one answer of `max_body_bytes` is kept,
     * and goes to one after the other, so that one can always come to its end; what holds less than 16 KiB
     * never waits. The time that an answer waits does not count for `attempt_timeout` and
     * `stream_idle_timeout`; it does for `deadline`. A stream whose caller does not ask for its next piece
     * keeps what it has, and after a second without holds up nobody: then others may be received on top of
     * the bound. The buffers of connections, 8 KiB each, come on top, too, and so does what was handed to its
     * caller.
     *
     * @param count 0 (default): four times `max_body_bytes`, which is 256 MiB; else at least
     * `max_body_bytes`, with which large answers come one after the other
     */
    client_options& max_bodies_bytes(std::size_t count);
    /// Promises that one thread runs the executor's context, or that the executor is a strand. The client
    /// does without a strand of its own then, which saves part of each request's cost. Default false.
    client_options& single_threaded(bool yes);
    /// Bound of one piece of a streamed answer in bytes, from 1024. Default 1 MiB.
    client_options& max_event_bytes(std::size_t count);
    /// Seed of everything random. 0 (default): taken from the system.
    client_options& jitter_seed(std::uint64_t seed);
    /// Is told what becomes of every attempt: for logs and metrics, and to notice early that an endpoint
    /// cannot be used. Default: none, at no cost.
    client_options& observer(std::shared_ptr<attempt_observer> told);

    /// Shares the limit with other processes and machines, see fleet_options; limits on tokens
    /// (`coordinator_options::tokens_per_minute`) are not shared, and cannot be told beside it. Not for
    /// clients that share a gate. Default: none.
    client_options& fleet(fleet_options shared);

    /// Checks everything that does not need the network; the client's constructor calls it.
    /// @throws std::invalid_argument naming the option, its rule and its value
    void validate() const;

    const std::string& base_url() const { return base_url_; }
    const std::string& api_key() const { return api_key_; }
    const std::string& model() const { return model_; }
    stagger::dialect dialect() const { return dialect_; }
    const retry_policy& retry() const { return retry_; }
    unsigned give_up_after_tries() const { return give_up_after_tries_; }
    duration give_up_after_time() const { return give_up_after_time_; }
    const backoff_policy& backoff() const { return backoff_; }
    bool backoff_after_rejection() const { return backoff_after_rejection_; }
    bool obey_retry_after() const { return obey_retry_after_; }
    duration attempt_timeout() const { return attempt_timeout_; }
    duration stream_idle_timeout() const { return stream_idle_timeout_; }
    duration resolve_timeout() const { return resolve_timeout_; }
    duration connect_timeout() const { return connect_timeout_; }
    duration handshake_timeout() const { return handshake_timeout_; }
    duration send_timeout() const { return send_timeout_; }
    /// Zero where none was given, too: `has_deadline` tells.
    duration deadline() const { return deadline_.value_or(duration::zero()); }
    bool has_deadline() const { return deadline_.has_value(); }
    duration keep_alive() const { return keep_alive_; }
    unsigned max_connections() const { return max_connections_; }
    const std::string& ca_file() const { return ca_file_; }
    bool ca_only() const { return ca_only_; }
    const std::string& client_certificate_file() const { return client_certificate_file_; }
    const std::string& client_key_file() const { return client_key_file_; }
    const std::string& proxy() const { return proxy_; }
    const std::string& no_proxy() const { return no_proxy_; }
    const std::string& unix_socket() const { return unix_socket_; }
    /// The address of a host that is looked up nowhere.
    struct resolved_host {
        std::string host;
        std::uint16_t port = 0;
        std::string address;
    };
    const std::vector<resolved_host>& resolved_hosts() const { return resolved_hosts_; }
    const std::vector<std::pair<std::string, std::string>>& headers() const { return headers_; }
    std::size_t max_header_bytes() const { return max_header_bytes_; }
    std::size_t max_body_bytes() const { return max_body_bytes_; }
    std::size_t max_bodies_bytes() const { return max_bodies_bytes_; }
    bool single_threaded() const { return single_threaded_; }
    std::size_t max_event_bytes() const { return max_event_bytes_; }
    std::uint64_t jitter_seed() const { return jitter_seed_; }
    const std::shared_ptr<attempt_observer>& observer() const { return observer_; }
    const std::optional<fleet_options>& fleet() const { return fleet_; }

 private:
    std::string base_url_;
    std::string api_key_;
    std::string model_;
    stagger::dialect dialect_ = stagger::dialect::openai_chat;
    retry_policy retry_;
    unsigned give_up_after_tries_ = 6;
    duration give_up_after_time_ = std::chrono::seconds(15);
    backoff_policy backoff_ =
        backoff_policy::full_jitter(std::chrono::milliseconds(500), std::chrono::seconds(30));
    bool backoff_after_rejection_ = false;
    bool obey_retry_after_ = true;
    duration attempt_timeout_ = std::chrono::seconds(300);
    duration stream_idle_timeout_ = std::chrono::seconds(120);
    duration resolve_timeout_ = std::chrono::seconds(10);
    duration connect_timeout_ = std::chrono::seconds(10);
    duration handshake_timeout_ = std::chrono::seconds(10);
    duration send_timeout_ = std::chrono::seconds(30);
    std::optional<duration> deadline_;
    duration keep_alive_ = std::chrono::seconds(60);
    unsigned max_connections_ = 0;
    std::string ca_file_;
    bool ca_only_ = false;
    std::string client_certificate_file_;
    std::string client_key_file_;
    std::string proxy_;
    std::string no_proxy_;
    std::string unix_socket_;
    std::vector<resolved_host> resolved_hosts_;
    std::vector<std::pair<std::string, std::string>> headers_;
    std::size_t max_header_bytes_ = 64 * 1024;
    std::size_t max_body_bytes_ = 64 * 1024 * 1024;
    std::size_t max_bodies_bytes_ = 0;
    bool single_threaded_ = false;
    std::size_t max_event_bytes_ = 1024 * 1024;
    std::uint64_t jitter_seed_ = 0;
    std::shared_ptr<attempt_observer> observer_;
    std::optional<fleet_options> fleet_;
};

/** @brief Sends completion requests to one endpoint, admitted by one gate.
 *
 * Copies share one state, as handles do. All input and output of a client runs on one strand of its executor;
 * programs that want several cores make several clients that share a gate.
 *
 * @par Thread safety
 * Safe: any thread may call any member.
 * @par Object lifetimes
 * Outstanding operations keep the state alive, and end uncalled with the execution context. A client may
 * outlive the context: what it has counted, and what its gate has learned, can still be read, and `close`
 * does nothing. Of a client that was moved from, and of whatever else of one whose context was destroyed,
 * every member throws std::logic_error.
 * @par Fork
 * Where `execution_context::notify_fork` tells of it, the connections stay the parent's. The child has copies
 * of the requests that run: one that was in flight meets errc::connection_lost there, and its next attempt
 * goes by a connection of the child's. No other thread may use the client meanwhile.
 */
class client {
 public:
    using completion_signature = void(error_code, completion);
    using stream_signature = void(error_code, completion_stream);
    using drain_signature = void(error_code, std::size_t);

    /// A client with a gate of its own, built from `limits`.
    /// @throws std::invalid_argument naming the option, its rule and its value, `ca_file` and
    ///         `client_certificate` included, or if the executor is empty; boost::system::system_error if the
    ///         system's certificate authorities cannot be loaded
    client(boost::asio::any_io_executor executor, const client_options& options,
           const coordinator_options& limits = {});
    /// A client that shares a gate with others of the same account. `close` leaves the gate open.
    /// @throws as above
    client(boost::asio::any_io_executor executor, const client_options& options, stagger::gate shared);
    /** @brief A client with several routes: each attempt takes the one that will answer it first.
     *
     * Whichever route has room and is soonest takes the next request that waits; a retry may take another one
     * than the attempt before. A route whose attempts fail, whose key or quota is of no use, or whose answers
     * have become slow is set aside, and asked again by one request now and then; a failure that is the
     * route's ends no request while there is another one.
     *
     * @param options whose base_url is empty, and what routes do not say themselves
     * @throws as above, and if options.base_url() is not empty
     */
    client(boost::asio::any_io_executor executor, const routes& ways, const client_options& options = {});

    /** @brief One completion: admitted, sent, and tried again until it succeeds or may not.
     *
     * @par Handler signature
     * `void(error_code, completion)`. After an error, `completion::info` says what happened, how often the
     * request was sent and how long it waited.
     * @par Executor
     * The handler's associated executor, else the client's. Never inline.
     * @par Per-operation cancellation
     * All types. Waiting or backing off: without side effect. In flight: the connection is closed and the
     * server may have done the work. Ends with errc::cancelled.
     * @par Errors
     * Any errc, and boost::system::errc::not_enough_memory. A refused or failed attempt is tried again first
     * (docs/retries.md); what arrives here is final. Tokens that throw, and `co_await` without one, throw a
     * completion_error, which has the `info`.
     * @par Object lifetimes
     * `request` is moved from; nothing else needs to outlive the call.
     */
    template <boost::asio::completion_token_for<completion_signature> CompletionToken>
    auto async_complete(completion_request request, CompletionToken&& token) const {
        return boost::asio::async_initiate<CompletionToken, completion_signature>(initiate_complete{handle_},
                                                                                  token, std::move(request));
    }
    /// The same without a token, to be awaited: its signature is `void(std::exception_ptr, completion)`.
    auto async_complete(completion_request request) const {
        constexpr boost::asio::deferred_t token;
        return detail::initiate_throwing<completion>(initiate_complete{handle_}, token, std::move(request));
    }

    /** @brief Any JSON body for any operation of the API, in the same line and with the same attempts.
     *
     * The answer's `raw` is its body, and `usage` what that says of it; text and tool calls are not looked
     * for. A body that reports an error ends the request as it does for `async_complete`.
     *
     * @param path below the API's root: the base URL, with the version that the dialect puts there
     *        ("embeddings"; "messages/count_tokens" for Anthropic). A slash in front does not matter.
     * @param json one JSON value, sent as it is written; its `model`, if any, tells what goes to one model
     * @par Handler signature
     * `void(error_code, completion)`
     * @par Executor
     * As for `async_complete`.
     * @par Per-operation cancellation
     * As for `async_complete`.
     * @par Errors
     * As for `async_complete`; errc::invalid_request for a path that is no path and for what is no JSON.
     */
    template <boost::asio::completion_token_for<completion_signature> CompletionToken>
    auto async_post(std::string path, std::string json, CompletionToken&& token) const {
        return async_complete(completion_request::post(std::move(path), std::move(json)),
                              std::forward<CompletionToken>(token));
    }
    /// The same without a token, as `async_complete` has it.
    auto async_post(std::string path, std::string json) const {
        return async_complete(completion_request::post(std::move(path), std::move(json)));
    }

    /** @brief The same as a stream, handed over as soon as its first piece has come.
     *
     * Until then, an attempt that is refused or fails is tried again as for `async_complete`, also where the
     * server says so in the place of the first piece, behind the head of a success. From then on nothing is,
     * since part of the answer may have been seen; what ends the stream early is the error of its
     * `async_next`. The gate learns then that the request was admitted; its place in flight is taken until
     * the stream ends. A server that does not stream, and answers in one piece, gives a stream of one
     * delta.
     *
     * @par Handler signature
     * `void(error_code, completion_stream)`. After an error the stream has ended with that error; its
     * `result` says what happened, as for `async_complete`.
     * @par Executor
     * The handler's associated executor, else the client's. Never inline.
     * @par Per-operation cancellation
     * As for `async_complete`.
     * @par Errors
     * As for `async_complete`; errc::malformed_answer if what follows a success is neither an event stream
     * nor JSON, errc::unreadable_answer after two repeats if it is a page in HTML.
     * @par Object lifetimes
     * `request` is moved from; nothing else needs to outlive the call.
     */
    template <boost::asio::completion_token_for<stream_signature> CompletionToken>
    auto async_stream(completion_request request, CompletionToken&& token) const {
        return boost::asio::async_initiate<CompletionToken, stream_signature>(initiate_stream{handle_}, token,
                                                                              std::move(request));
    }
    /// The same without a token, to be awaited: its signature is `void(std::exception_ptr,
    /// completion_stream)`.
    auto async_stream(completion_request request) const {
        constexpr boost::asio::deferred_t token;
        return detail::initiate_throwing<completion_stream>(initiate_stream{handle_}, token,
                                                            std::move(request));
    }

    /// What the client has done so far. Each number is one that the client had within the call; together they
    /// may be of slightly different moments while requests run.
    client_counters counters() const;
    /** @brief Shuts down in good order: refuses new requests and waits for those that run.
     *
     * What is still running after `limit`, in line or in flight, ends with errc::shut_down. The second
     * argument is the number of those; zero says that nothing was lost.
     * @par Handler signature
     * `void(error_code, std::size_t)`; there is no error.
     * @par Executor
     * The handler's associated executor, else the client's. Never inline.
     * @par Per-operation cancellation
     * All types: as if the limit had passed.
     * @param limit >= 0
     */
    template <boost::asio::completion_token_for<drain_signature> CompletionToken = boost::asio::deferred_t>
    auto async_drain(duration limit, CompletionToken&& token = CompletionToken()) const {
        return boost::asio::async_initiate<CompletionToken, drain_signature>(initiate_drain{handle_}, token,
                                                                             limit);
    }

    /// The gate that admits this client's requests; of several routes the first one's.
    stagger::gate gate() const;
    /// The gates of all routes, in the order of `routes`; of a client without routes its one.
    std::vector<stagger::gate> gates() const;
    /// What the gate says; of several routes what all gates say together, with those that wait for a route.
    coordinator_status status() const;
    /// What is thought of every route, and what its gate says, in the order of `routes`; of a client without
    /// routes one. Conditions and numbers of attempts may be a moment old.
    std::vector<route_state> route_states() const;
    boost::asio::any_io_executor get_executor() const;
    /// What the client's own input and output runs on, one handler at a time: a strand of its executor, or
    /// with `client_options::single_threaded` the executor itself. Who runs there needs no lock against the
    /// client's completions, and gets them without another hop.
    boost::asio::any_io_executor serial_executor() const;

    /// Ends everything with errc::shut_down: waiting requests at once, those in flight and open streams by
    /// closing their connections; new requests, too. Closes a gate of the client's own, not one that it
    /// shares.
    void close() const;

 private:
    using any_complete_handler = boost::asio::any_completion_handler<completion_signature>;
    using any_stream_handler = boost::asio::any_completion_handler<stream_signature>;
    using any_drain_handler = boost::asio::any_completion_handler<drain_signature>;
    using handle_pointer = std::shared_ptr<detail::client_handle>;
    using state_pointer = std::shared_ptr<detail::client_state>;

    struct initiate_complete {
        handle_pointer of;
        template <class Handler, class Request>
        void operator()(Handler&& handler, Request&& request) const {
            const state_pointer& target = client::state_of(of);
            const bool at_home = is_at_home(*target, handler);
            client::start_complete(target, std::forward<Request>(request), std::forward<Handler>(handler),
                                   at_home);
        }
    };
    struct initiate_stream {
        handle_pointer of;
        template <class Handler, class Request>
        void operator()(Handler&& handler, Request&& request) const {
            const state_pointer& target = client::state_of(of);
            const bool at_home = is_at_home(*target, handler);
            client::start_stream(target, std::forward<Request>(request), std::forward<Handler>(handler),
                                 at_home);
        }
    };
    struct initiate_drain {
        handle_pointer of;
        template <class Handler>
        void operator()(Handler&& handler, duration limit) const {
            client::start_drain(client::state_of(of), limit, std::forward<Handler>(handler));
        }
    };
    // What is handed over for good need not be copied.
    static void start_complete(const state_pointer& target, completion_request&& request,
                               any_complete_handler handler, bool at_home);
    static void start_complete(const state_pointer& target, const completion_request& request,
                               any_complete_handler handler, bool at_home);
    // What is handed over for good need not be copied.
    static void start_stream(const state_pointer& target, completion_request&& request,
                             any_stream_handler handler, bool at_home);
    static void start_stream(const state_pointer& target, const completion_request& request,
                             any_stream_handler handler, bool at_home);
    static void start_drain(const state_pointer& target, duration limit, any_drain_handler handler);

    /// @throws std::logic_error, as above
    const detail::client_handle& handle() const;
    static const state_pointer& state_of(const handle_pointer& handle);
    static const boost::asio::any_io_executor& executor_of(const detail::client_state& target);
    /// Whether a handler is known to run on the client's own executor: asked of an erased one, that costs an
    /// allocation.
    template <class Handler>
    static bool is_at_home(const detail::client_state& target, const Handler& handler) {
        const boost::asio::any_io_executor& ours = executor_of(target);
        const auto theirs = boost::asio::get_associated_executor(handler, ours);
        if constexpr (std::is_same_v<decltype(theirs), const boost::asio::any_io_executor>)
            return theirs == ours;
        return false;
    }

    friend struct detail::client_access;
    handle_pointer handle_;  // null once moved from
};

}  // namespace stagger
