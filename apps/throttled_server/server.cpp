#include "throttled_server/server.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <string_view>
#include <utility>

#include "server/http_server.hpp"
#include "throttled_server/answer.hpp"
#include "throttled_server/api_key.hpp"
#include "throttled_server/api_voice.hpp"
#include "throttled_server/call.hpp"
#include "throttled_server/provider_desk.hpp"
#include "throttled_server/request_log.hpp"
#include "throttled_server/streamed_answer.hpp"

namespace stagger::server {

namespace asio = boost::asio;
using http_server::answer_head;
using http_server::exchange;
using http_server::value_of;

namespace {

std::int64_t unix_now() {
    return std::chrono::duration_cast<std::chrono::seconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

duration scaled(duration whole, double share) {
    return std::chrono::duration_cast<duration>(std::chrono::duration<double>(whole) * share);
}

http_server::bounds bounds_of(const options& chosen) {
    http_server::bounds allowed;
    allowed.head_bytes = 16U << 10U;
    allowed.body_bytes = 16U << 20U;
    allowed.idle_time = allowed.head_time = allowed.whole_time = chosen.idle_timeout;
    allowed.body_bytes_per_s = 0;
    allowed.answer_time = chosen.idle_timeout;
    allowed.unsent_bytes = 0;
    return allowed;
}

/// A key that stands alone in a field, as Anthropic, Google and Azure have it.
std::string_view bare_key(const http_server::request& request) {
    for (const std::string_view name : {"x-api-key", "x-goog-api-key", "api-key"}) {
        if (const auto key = value_of(request, name); !key.empty()) return key;
    }
    return {};
}

/// Waits for what the provider decides on one request, as long as its client is there.
class caller_visit {
 public:
    caller_visit(exchange& with, const asio::any_io_executor& executor) : who(executor), with_(with) {
        with_.on_departure([this] { who.leave(); });
    }
    caller_visit(const caller_visit&) = delete;
    caller_visit& operator=(const caller_visit&) = delete;
    ~caller_visit() { with_.on_departure(nullptr); }

    provider_desk::visitor who;

 private:
    exchange& with_;
};

}  // namespace

/// The provider's side of every exchange.
class server::core : public http_server::service {
 public:
    core(const asio::any_io_executor& used, provider::scenario what, const options& how)
        : executor(used),
          recorder(std::chrono::steady_clock::now(), rfc3339(unix_now())),
          desk(used, what, how.seed.value_or(what.seed), recorder),
          scenario(std::move(what)),
          chosen(how),
          log(how.request_log) {}

    void close() {
        desk.timers().stop();
        desk.timers().release();
    }

    const asio::any_io_executor executor;
    statistics_recorder recorder;
    provider_desk desk;
    const provider::scenario scenario;
    const options chosen;

 private:
    asio::awaitable<void> serve(exchange& with) override;
    http_server::whole_answer refusal(unsigned status) override;
    void connected() override { recorder.connected(); }
    void disconnected() override { recorder.disconnected(); }

    asio::awaitable<void> complete(exchange& with, destination found);
    asio::awaitable<void> complete_at_once(exchange& with, const call& asked, provider::arrival what,
                                           std::size_t caller, std::string id);
    asio::awaitable<void> complete_streamed(exchange& with, const call& asked, provider::arrival what,
                                            std::size_t caller, std::string id);
    asio::awaitable<void> stream(exchange& with, provider_desk::visitor& who, const call& asked,
                                 const provider::decision& admitted, std::size_t caller, std::string id);
    asio::awaitable<void> answer_refused(exchange& with, const call& asked, const provider::decision& decided,
                                         std::string id);
    static asio::awaitable<void> tell(exchange& with, const call& asked, provider::error_form form,
                                      const told_error& what, std::string_view lines);
    /// A head and what comes behind it, in chunks; then, unless that is all, the connection breaks.
    static asio::awaitable<void> with_head(exchange& with, answer_head head, std::string bytes, bool whole);
    asio::awaitable<void> refuse(exchange& with, destination found, unsigned status, std::string_view message,
                                 std::string_view member = {}, std::string_view lines = {});
    static asio::awaitable<void> respond(exchange& with, unsigned status, std::string_view lines,
                                         std::string body, std::string id = {});
    provider::arrival arrival_of(const call& asked, std::string_view key) const;
    bool authorized(const http_server::request& request) const;

    const request_log log;
    caller_names callers_;
    std::uint64_t requests_ = 0;
};

asio::awaitable<void> server::core::serve(exchange& with) {
    const http_server::request& asked = with.asked();
    const destination found = find_destination(asked.method, asked.target);
    switch (found.to) {
        case route::completion:
            co_return co_await complete(with, found);
        case route::stats:
            co_return co_await respond(
                with, 200, "", to_json(recorder.snapshot(std::chrono::steady_clock::now()), scenario.name));
        case route::reset_stats:
            recorder.reset();
            co_return co_await respond(with, 200, "", "{}");
        case route::wrong_method: {
            const std::string allow = "Allow: " + std::string(found.allow) + "\r\n";
            co_return co_await refuse(with, found, 405, "This path knows another method", "", allow);
        }
        case route::nothing:
            break;
    }
    co_await refuse(with, found, 404, "Nothing is served at this path");
}

asio::awaitable<void> server::core::complete(exchange& with, destination found) {
    const http_server::request& request = with.asked();
    if (!authorized(request)) {
        recorder.unauthorized();
        const told_error what{401, "Incorrect API key provided"};
        co_return co_await respond(with, 401, "", voice_of(found.spoken).error(what));
    }
    const auto read = read_call(found.spoken, request.target, request.body, scenario.provider.answers);
    if (const auto* problem = std::get_if<call_problem>(&read)) {
        co_return co_await refuse(with, found, 400, problem->message, problem->member);
    }
    const call& asked = std::get<call>(read);
    const auto authorization = value_of(request, "authorization");
    const std::string key(authorization.empty() ? bare_key(request) : authorization);
    ++requests_;
    std::string id(value_of(request, "x-request-id"));
    if (id.empty()) id = "req-" + std::to_string(requests_);
    log.arrived(asked);
    const std::size_t caller = callers_.number_of(key);
    const provider::arrival what = arrival_of(asked, key);
    if (asked.streamed) {
        co_await complete_streamed(with, asked, what, caller, std::move(id));
    } else {
        co_await complete_at_once(with, asked, what, caller, std::move(id));
    }
}

provider::arrival server::core::arrival_of(const call& asked, std::string_view key) const {
    provider::arrival what;
    what.caller = key;
    what.tokens = {static_cast<double>(asked.prompt_tokens), static_cast<double>(asked.max_tokens),
                   static_cast<double>(completion_tokens(asked))};
    what.model = asked.model;
    const std::vector<std::string>& refused = scenario.provider.refusals.prompts;
    what.unwanted = std::any_of(asked.prompts.begin(), asked.prompts.end(), [&](const std::string& prompt) {
        return std::any_of(refused.begin(), refused.end(),
                           [&](const std::string& each) { return prompt.find(each) != std::string::npos; });
    });
    return what;
}

asio::awaitable<void> server::core::complete_at_once(exchange& with, const call& asked,
                                                     provider::arrival what, std::size_t caller,
                                                     std::string id) {
    caller_visit visit(with, executor);
    const std::optional<provider::decision> decided = co_await desk.visit(visit.who, what, caller);
    if (!decided) co_return;
    if (decided->what != provider::decision::kind::admit) {
        co_return co_await answer_refused(with, asked, *decided, std::move(id));
    }
    const std::string lines = hint_lines(*decided, scenario.provider.hints, unix_now());
    const bool fixed = chosen.repeatable;
    std::string body =
        voice_of(asked.spoken).whole(asked, fixed ? repeatable_id(asked) : id, fixed ? 0 : unix_now());
    co_await respond(with, 200, lines, std::move(body), std::move(id));
}

asio::awaitable<void> server::core::complete_streamed(exchange& with, const call& asked,
                                                      provider::arrival what, std::size_t caller,
                                                      std::string id) {
    caller_visit visit(with, executor);
    const std::optional<provider::decision> decided = co_await desk.enter(visit.who, what, caller);
    if (!decided) co_return;
    if (decided->what == provider::decision::kind::admit) {
        co_return co_await stream(with, visit.who, asked, *decided, caller, std::move(id));
    }
    co_await desk.pause(visit.who, std::chrono::steady_clock::now() + decided->service + desk.half_trip());
    if (!visit.who.gone()) co_await answer_refused(with, asked, *decided, std::move(id));
}

// The head leaves at once, the events over the service time, each half a round trip later.
asio::awaitable<void> server::core::stream(exchange& with, provider_desk::visitor& who, const call& asked,
                                           const provider::decision& admitted, std::size_t caller,
                                           std::string id) {
    provider_desk::held_place held;
    desk.occupy(admitted, caller, held);
    const bool fixed = chosen.repeatable;
    const std::vector<stream_part> parts =
        voice_of(asked.spoken).streamed(asked, fixed ? repeatable_id(asked) : id, fixed ? 0 : unix_now());
    const std::string lines = hint_lines(admitted, scenario.provider.hints, unix_now());
    const time_point begin = held.entered + desk.half_trip();
    const answer_head head = stream_head(id, lines);
    with.head(head);
    for (const stream_part& part : parts) {
        co_await desk.pause(who, begin + scaled(admitted.service, part.share));
        if (who.gone()) break;
        if (&part == &parts.back()) {
            co_await with.finish(part.events);
            break;
        }
        const bool taken = co_await with.write(part.events);
        if (!taken) break;
    }
    desk.vacate(who, held);
}

asio::awaitable<void> server::core::answer_refused(exchange& with, const call& asked,
                                                   const provider::decision& decided, std::string id) {
    if (decided.status == provider::connection_closed) {
        with.close();
        co_return;
    }
    const provider::answers_description& told = scenario.provider.answers;
    const bool refused = decided.what == provider::decision::kind::reject;
    const auto form = refused ? told.refusals : told.faults;
    const bool quota = form == provider::error_form::quota;
    const std::string lines = hint_lines(decided, scenario.provider.hints, unix_now(), quota);
    const told_error what{.status = decided.status,
                          .message = provider_message(decided.status, quota),
                          .retry_after = decided.retry_after,
                          .quota = quota,
                          .request_id = id,
                          .unix_now = unix_now()};
    co_await tell(with, asked, form, what, lines);
}

// What is inside an answer comes behind its usual head.
asio::awaitable<void> server::core::tell(exchange& with, const call& asked, provider::error_form form,
                                         const told_error& what, std::string_view lines) {
    const api_voice& voice = voice_of(asked.spoken);
    const std::string id(what.request_id);
    switch (form) {
        case provider::error_form::status:
        case provider::error_form::quota:
            co_return co_await respond(with, what.status, lines, voice.error(what), id);
        case provider::error_form::inside_answer:
            if (!asked.streamed) co_return co_await respond(with, 200, lines, voice.error_inside(what), id);
            co_return co_await with_head(with, stream_head(id, lines), voice.error_event(what), true);
        case provider::error_form::malformed:
            co_return co_await respond(with, 200, lines, "<html><body>It works!</body></html>", id);
        case provider::error_form::cut:
            break;
    }
    // In chunks, whether streamed or not: the end of an answer with a length would be told by that.
    std::string bytes = voice.whole(asked, id, what.unix_now);
    bytes.resize(bytes.size() / 2);
    if (asked.streamed) {
        const auto parts = voice.streamed(asked, id, what.unix_now);
        bytes = parts.empty() ? "" : parts.front().events;
    }
    answer_head head = asked.streamed ? stream_head(id, lines) : whole_head(200, id, lines);
    co_await with_head(with, std::move(head), std::move(bytes), false);
}

asio::awaitable<void> server::core::with_head(exchange& with, answer_head head, std::string bytes,
                                              bool whole) {
    with.head(head);
    if (whole) {
        co_await with.finish(bytes);
        co_return;
    }
    co_await with.write(bytes);
    with.close();
}

asio::awaitable<void> server::core::refuse(exchange& with, destination found, unsigned status,
                                           std::string_view message, std::string_view member,
                                           std::string_view lines) {
    recorder.invalid();
    const told_error what{.status = status, .message = message, .member = member, .unix_now = unix_now()};
    co_await respond(with, status, lines, voice_of(found.spoken).error(what));
}

asio::awaitable<void> server::core::respond(exchange& with, unsigned status, std::string_view lines,
                                            std::string body, std::string id) {
    const answer_head head = whole_head(status, id, lines);
    co_await with.whole(head, body);
}

http_server::whole_answer server::core::refusal(unsigned status) {
    recorder.invalid();
    const told_error what{status, "The request is not acceptable"};
    return {whole_head(status, {}, {}), openai_voice().error(what)};
}

bool server::core::authorized(const http_server::request& request) const {
    return presents_key(chosen.api_key, value_of(request, "authorization"), bare_key(request));
}

server::server(asio::any_io_executor executor, provider::scenario scenario, options chosen)
    : core_(std::make_shared<core>(executor, std::move(scenario), chosen)),
      listener_(std::make_unique<http_server::server>(
          executor, asio::ip::tcp::endpoint(asio::ip::make_address(chosen.host), chosen.port),
          bounds_of(chosen), core_)) {}

server::server(asio::any_io_executor executor, provider::scenario scenario, std::uint16_t port)
    : server(std::move(executor), std::move(scenario), options::on_port(port)) {}

server::~server() {
    close();
}

std::uint16_t server::port() const {
    return listener_->port();
}

std::string server::address() const {
    return listener_->address();
}

statistics server::stats() const {
    return core_->recorder.snapshot(std::chrono::steady_clock::now());
}

void server::reset_stats() {
    core_->recorder.reset();
}

void server::close() {
    listener_->close();
    asio::post(core_->executor, [self = core_] { self->close(); });
}

}  // namespace stagger::server
