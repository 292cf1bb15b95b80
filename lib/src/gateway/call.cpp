#include "gateway/call.hpp"

#include <chrono>
#include <functional>
#include <utility>

#include "gateway/tenant.hpp"
#include "http/clock.hpp"
#include "net/gate_access.hpp"

namespace stagger::gateway {

namespace asio = boost::asio;
using http_server::answer_head;
using http_server::value_of;

namespace {

std::uint64_t mixed(std::uint64_t so_far, std::string_view text) {
    constexpr std::uint64_t spread = 0x9e3779b97f4a7c15u;
    return (so_far ^ std::hash<std::string_view>()(text)) * spread;
}

/// The client's key, wherever it is told.
std::string_view key_of(const http_server::request& asked) {
    for (const std::string_view name : {"authorization", "x-api-key", "api-key"}) {
        if (const auto found = value_of(asked, name); !found.empty()) return found;
    }
    return {};
}

/// Of what is told for it: a scheme may stand before it.
std::string_view bare_key(std::string_view told) {
    constexpr std::string_view scheme = "Bearer ";
    const bool schemed =
        told.size() > scheme.size() && http_server::same_name(told.substr(0, scheme.size()), scheme);
    return schemed ? told.substr(told.find_first_not_of(' ', scheme.size())) : told;
}

std::optional<priority> told_class(const http_server::request& asked, const asked_call& body) {
    if (const auto told = parse_priority(value_of(asked, "x-stagger-priority"))) return told;
    return body.service_tier == "flex" ? std::optional(priority::batch) : std::nullopt;
}

std::string base_url_hint(std::string_view target) {
    return "nothing is served at " + std::string(target.substr(0, target.find('?'))) +
           ": the base URL of clients ends with /v1";
}

}  // namespace

call::call(std::shared_ptr<gateway> home, http_server::exchange& with)
    : home_(std::move(home)),
      with_(with),
      alarm_(home_->executor_),
      id_(home_->counts_.calls),
      arrived_(steady_now()) {
    home_->calls_.insert(this);
}

call::~call() {
    home_->calls_.erase(this);
}

/// Tells of a call's end, also where something throws.
class call::farewell {
 public:
    explicit farewell(const call& who) : who_(who) {}
    farewell(const farewell&) = delete;
    farewell& operator=(const farewell&) = delete;
    ~farewell() { who_.home_->ended(who_.record(steady_now())); }

 private:
    const call& who_;
};

io_awaitable<void> call::run() {
    const farewell at_end(*this);
    co_await carry_out();
}

call_record call::record(time_point now) const {
    call_record made;
    made.id = id_;
    made.tenant = tenant_;
    made.tenant_name = home_->clients_->terms_of(tenant_).name;
    made.model = shown_model(asked_.model);
    made.status = status_;
    if (machine_) {
        made.in = class_;
        made.waited = machine_->waited(now);
        made.attempts = machine_->attempts();
    }
    if (sent_) made.served = now - *sent_;
    made.tokens = usage_.seen();
    made.outcome = outcome_;
    return made;
}

std::optional<waiting_call> call::describe_wait(wait_reason at_gate, time_point now) const {
    if (!waits()) return std::nullopt;
    waiting_call made;
    made.id = id_;
    made.in = class_;
    made.tenant = shown_tenant(tenant_, home_->clients_->terms_of(tenant_).name);
    made.model = shown_model(asked_.model);
    made.waited = now - arrived_;
    made.attempts = machine_->attempts();
    if (place_) {
        made.ahead = home_->lines_.ahead_of(kind_, *place_);
    } else {
        const bool by_itself = machine_->is_retry() && machine_->not_before() > now;
        made.why = by_itself ? wait_reason::own_delay : at_gate;
    }
    return made;
}

io_awaitable<void> call::carry_out() {
    const http_server::request& asked = with_.asked();
    const std::function<void()> told = [this] { on_departure(); };
    with_.on_departure(told);
    own_answer no;
    no.status = refused_by(home_->chosen_.access, value_of(asked, "host"), value_of(asked, "origin"));
    if (no.status != 0) {
        no.message = no.status == 400 ? "a request needs a Host" : "this Host or Origin is not served here";
        co_return co_await tell(no);
    }
    const bool upgrades = !value_of(asked, "upgrade").empty();
    where_ = find_destination(asked.method, asked.target, upgrades, home_->upstream_.path());
    if (!find_tenant()) {
        no.status = 401;
        no.message = "this key is none of those that may call here";
        co_return co_await tell(no);
    }
    switch (where_.how) {
        case passage::in_line:
            co_return co_await wait_in_line();
        case passage::at_once:
            co_return co_await pass_at_once();
        case passage::not_found:
            no.status = 404;
            no.message = base_url_hint(asked.target);
            break;
        case passage::wrong_method:
            no.status = 405;
            no.message = "POST, GET and DELETE are served";
            break;
        case passage::upgrade:
            no.status = 501;
            no.message = "no other protocol than HTTP/1.1 is served";
            break;
    }
    co_await tell(no);
}

bool call::find_tenant() {
    const http_server::request& asked = with_.asked();
    const client_directory& clients = *home_->clients_;
    if (clients.asks_for_keys()) {
        const auto owner = clients.owner_of(bare_key(key_of(asked)));
        tenant_ = owner.value_or(0);
        return owner.has_value();
    }
    const auto name = value_of(asked, "x-stagger-tenant");
    tenant_ = tenant_number(name.empty() ? key_of(asked) : name);
    return true;
}

void call::called() {
    place_.reset();
    was_called_ = is_at_gate_ = is_going_ = true;
    wake();
}

void call::leave_line(const error_code& error, permit leave) {
    has_left_gate_ = true;
    gate_error_ = error;
    leave_ = std::move(leave);
    wake();
}

void call::end_step(const error_code& error) {
    step_ended_ = true;
    step_error_ = error;
    wake();
}

void call::on_departure() {
    if (exchanging_) {
        leased_->cancel();
    } else {
        acquiring_.emit(asio::cancellation_type::terminal);
    }
    wake();
}

void call::describe() {
    const http_server::request& asked = with_.asked();
    asked_ = read_asked(asked);
    comments_ = home_->chosen_.comments && asked_.streamed;
    machine_.emplace(home_->chosen_.calls, read_habits(asked, asked_.streamed, home_->chosen_.comments),
                     steady_now());
    class_ = line_class_ = class_within(home_->clients_->terms_of(tenant_), told_class(asked, asked_));
    if (home_->clients_->charged_by() == charging::tokens)
        charged_ = home_->usual_tokens_.estimate(asked.body.size(), asked_.most_tokens);
    const bool own_key = home_->upstream_.identity().replaces_account();
    kind_ = mixed(own_key ? 0 : mixed(0, key_of(asked)), asked_.model);
    hash_ = mixed(mixed(tenant_, asked.target), asked.body);
}

/// Ends a call's stay among those that wait, also where something throws.
class call::stay {
 public:
    stay(call& who, std::size_t bytes) : who_(who), bytes_(bytes) { who_.home_->waiting_bytes_ += bytes_; }
    stay(const stay&) = delete;
    stay& operator=(const stay&) = delete;
    ~stay() {
        who_.settle_budget();
        who_.leave_all();
        who_.home_->waiting_bytes_ -= bytes_;
    }

 private:
    call& who_;
    std::size_t bytes_;
};

/// The line alone says whether there is room: of those who were told to come again some never do.
call::arrival_outlook call::look_on_arrival(time_point now) {
    const std::size_t ahead = home_->lines_.ahead_of(kind_, newcomer());
    home_->promised_.take(hash_, now);  // if it was: it has come
    const std::size_t still_to_come = home_->promised_.outstanding(its_own(), now);
    return {home_->look_from(ahead, now), home_->look_from(ahead + still_to_come, now)};
}

std::uint64_t call::its_own() const {
    return kind_ ^ (tenant_ * 3 + static_cast<std::uint64_t>(class_));
}

void call::promise_return(const own_answer& what, time_point now) {
    if (what.hopeless || what.retry_after_s == 0) return;
    home_->promised_.promise(hash_, its_own(), now + std::chrono::seconds(what.retry_after_s), now);
}

io_awaitable<void> call::wait_in_line() {
    describe();
    gateway& home = *home_;
    const time_point now = steady_now();
    const auto [seen, on_return] = look_on_arrival(now);
    const std::size_t bytes = with_.asked().body.size();
    const auto most_of_tenant = home.clients_->terms_of(tenant_).most_waiting;
    const bool full = home.lines_.waiting() >= home.chosen_.most_waiting ||
                      home.waiting_bytes_ + bytes > home.chosen_.most_waiting_bytes ||
                      (most_of_tenant && home.lines_.waiting_of(tenant_) >= *most_of_tenant);
    if (full || home.draining_) {
        own_answer no;
        no.status = full ? 429 : 503;
        no.retry_after_s = full ? seconds_to_return(on_return, duration::zero()) : 1;
        no.message = full ? "too many calls wait: " + to_text(seen) : "shutting down";
        if (full) promise_return(no, now);
        co_return co_await tell(no);
    }
    own_answer used_up;
    if (!reserve_budget(used_up)) co_return co_await tell(used_up);
    const stay until_end(*this, bytes);
    const call_step first = machine_->begin(seen, on_return, home.served(kind_).p90(), now);
    if (first == call_step::give_up) promise_return(machine_->ending(), now);
    co_await follow(first);
}

io_awaitable<void> call::follow(call_step next) {
    for (;;) {
        if (with_.departed()) {
            outcome_ = call_outcome::departed;
            co_return keep_place();
        }
        switch (next) {
            case call_step::wait:
                next = what_happened();
                if (next != call_step::wait) break;
                alarm_.expires_at(machine_->next_look());
                co_await alarm_.async_wait(with_error);
                break;
            case call_step::join_line:
                next = join_line();
                break;
            case call_step::ask_gate:
                next = ask_gate();
                break;
            case call_step::send:
                next = co_await attempt();
                break;
            case call_step::rise:
                if (place_ && home_->lines_.rise(kind_, *place_))
                    line_class_ = priorities[static_cast<std::size_t>(line_class_) - 1];
                next = call_step::wait;
                break;
            case call_step::begin_stream:
            case call_step::comment:
            case call_step::interim:
                co_await speak(next);
                next = call_step::wait;
                break;
            case call_step::pass_on:
                co_return co_await pass_on();
            case call_step::give_up:
                keep_place();
                co_return co_await tell(machine_->ending());
        }
    }
}

call_step call::what_happened() {
    if (home_->draining_) {
        const call_step ended = machine_->drain(steady_now());
        if (ended != call_step::wait) return ended;
    }
    const time_point now = steady_now();
    if (std::exchange(has_left_gate_, false)) {
        at_gate_.reset();
        return machine_->left_gate(gate_error_, now);
    }
    if (std::exchange(was_called_, false)) return machine_->its_turn(now);
    return machine_->look(now);
}

fair_line::newcomer call::newcomer() const {
    fair_line::newcomer made;
    made.in = class_;
    made.tenant = tenant_;
    made.weight = home_->clients_->terms_of(tenant_).weight;
    made.cost = charged_;
    return made;
}

call_step call::join_line() {
    fair_line::newcomer joining = newcomer();
    joining.kept = home_->kept_.take(hash_, steady_now());
    if (joining.kept) ++home_->counts_.resumed;
    place_ = home_->lines_.join(kind_, joining, *this);
    home_->move_on(kind_);
    return call_step::wait;
}

admission call::wanted() const {
    admission what;
    what.deadline(machine_->start_limit()).alike(kind_).priority(line_class_);
    if (machine_->is_retry()) {
        const auto cause = machine_->after_accident() ? retry_cause::accident : retry_cause::throttled;
        what.again(cause, machine_->not_before()).refused(refusals_);
    }
    return what;
}

call_step call::ask_gate() {
    const std::shared_ptr<detail::line_guest> guest(shared_from_this(), this);
    auto joined = detail::gate_access::join(home_->gate_, wanted(), guest);
    at_gate_ = joined.waits;
    if (at_gate_) return call_step::wait;
    leave_ = std::move(joined.leave);
    return machine_->left_gate(joined.error, joined.at);
}

/// Whatever place it has is given up.
void call::leave_all() {
    if (place_) {
        home_->lines_.leave(kind_, *place_);
        place_.reset();
        home_->gate_.expect(home_->lines_.waiting());
    }
    if (const auto waits = std::exchange(at_gate_, std::nullopt))
        detail::gate_access::leave(home_->gate_, *waits);
    if (std::exchange(is_at_gate_, false)) {
        home_->lines_.left_gate(kind_);
        home_->move_on(kind_);
    }
    if (std::exchange(is_going_, false)) {
        settle();
        home_->move_on(home_->lines_.ended(tenant_));
    }
    leave_ = {};
}

/// What upstream has counted takes the place of what was charged.
void call::settle() {
    const token_usage used = usage_.seen();
    home_->usual_tokens_.learn(used);
    if (home_->clients_->charged_by() != charging::tokens || !used.prompt_tokens) return;
    const auto counted = static_cast<double>(*used.prompt_tokens + used.completion_tokens.value_or(0));
    home_->lines_.settle(kind_, line_class_, tenant_, counted - charged_);
}

bool call::reserve_budget(own_answer& no) {
    const day_budget& most = home_->clients_->terms_of(tenant_).a_day;
    if (!most.any()) return true;
    const auto tokens = home_->usual_tokens_.estimated(with_.asked().body.size(), asked_.most_tokens);
    day_use estimated{1, static_cast<double>(*tokens.prompt_tokens + *tokens.completion_tokens), 0};
    if (most.money) {
        const auto price = home_->chosen_.price ? home_->chosen_.price(asked_.model, tokens) : std::nullopt;
        if (!price) {  // else another name of a model would be a way around the budget
            no.status = 403;
            no.hopeless = true;
            no.message = "no price is known of the model \"" + shown_model(asked_.model) +
                         "\", and there is a budget in money";
            return false;
        }
        estimated.money = *price;
    }
    reserved_on_ = home_->chosen_.today();
    const auto missing = home_->books_.reserve(tenant_, estimated, most, reserved_on_);
    if (!missing) {
        reserved_ = estimated;
        return true;
    }
    no.status = 429;
    no.quota = no.hopeless = true;
    no.message = "the budget for today, in UTC, does not suffice: " + to_text(*missing);
    return false;
}

/// What was sent costs what upstream has counted; what it was estimated at, where an answer does not tell,
/// and at least that where it was not read to its end: some APIs count as they go.
void call::settle_budget() {
    const auto reserved = std::exchange(reserved_, std::nullopt);
    if (!reserved) return;
    day_use used;
    if (may_cost_) {
        used.requests = 1;
        const token_usage seen = usage_.seen();
        const bool failed = status_ >= 400 || outcome_ == call_outcome::turned_away;
        if (seen.prompt_tokens) {
            used.tokens = static_cast<double>(*seen.prompt_tokens + seen.completion_tokens.value_or(0));
            const auto cost = home_->chosen_.price ? home_->chosen_.price(asked_.model, seen) : std::nullopt;
            used.money = cost.value_or(reserved->money);
            const bool to_the_end = outcome_ == call_outcome::answered || failed;
            if (!to_the_end) {
                used.tokens = std::max(used.tokens, reserved->tokens);
                used.money = std::max(used.money, reserved->money);
            }
        } else if (!failed) {
            used = *reserved;
        }
    }
    home_->books_.settle(tenant_, *reserved, used, reserved_on_);
}

// Who leaves without an answer may come again with the same bytes.
void call::keep_place() {
    std::optional<fair_line::standing> stood;
    if (place_) stood = home_->lines_.leave(kind_, *place_);
    place_.reset();
    if (!stood && is_at_gate_) stood = fair_line::front;  // it was called already
    if (stood) home_->kept_.keep(hash_, *stood, steady_now());
    leave_all();
}

/// From its place in line.
outlook call::look() const {
    return home_->look_from(home_->lines_.ahead_of(kind_, *place_), steady_now());
}

io_awaitable<void> call::speak(call_step how) {
    if (how == call_step::interim) {
        co_await with_.interim(102);
        co_return;
    }
    if (how == call_step::begin_stream) {
        answer_head head;
        head.lines =
            "Content-Type: text/event-stream\r\nCache-Control: no-cache\r\nX-Accel-Buffering: no\r\n" +
            own_lines();
        status_ = head.status;
        with_.head(head);
    }
    // One line end: some clients take a blank line for the end of an event that has no data.
    const std::string comment = place_ ? ": waiting, " + to_text(look()) + "\n" : ": next\n";
    co_await with_.write(comment);
}

std::string call::own_lines() const {
    const duration queued = machine_ ? machine_->queued() : duration::zero();
    const auto queued_ms = std::chrono::duration_cast<std::chrono::milliseconds>(queued).count();
    std::string lines = "x-stagger-id: " + std::to_string(id_) + "\r\n";
    if (machine_) {
        lines += "x-stagger-queue-ms: " + std::to_string(queued_ms) + "\r\n";
        lines += "x-stagger-attempts: " + std::to_string(machine_->attempts()) + "\r\n";
    }
    return lines;
}

io_awaitable<void> call::tell(own_answer what) {
    outcome_ = call_outcome::turned_away;
    const std::string json = error_json(where_.shape, what.status, what.message, what.quota);
    if (machine_ && machine_->has_begun_stream()) {
        const std::string event = error_event(where_.shape, json);
        co_await with_.finish(event);
        co_return;
    }
    answer_head head;
    head.status = status_ = what.status;
    head.lines = "Content-Type: application/json\r\n" + own_lines();
    if (what.retry_after_s != 0) head.lines += "Retry-After: " + std::to_string(what.retry_after_s) + "\r\n";
    if (what.hopeless) head.lines += "x-should-retry: false\r\n";
    if (what.status == 401) head.lines += "WWW-Authenticate: Bearer\r\n";
    if (what.status == 405) head.lines += "Allow: POST, GET, DELETE\r\n";
    co_await with_.whole(head, json);
}

}  // namespace stagger::gateway
