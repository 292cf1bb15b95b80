#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/system_error.hpp>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>

#include "access_log.hpp"
#include "batch/write_all.hpp"
#include "cli/commands.hpp"
#include "cli/option_values.hpp"
#include "cli/stop_signals.hpp"
#include "clients_file.hpp"
#include "gateway/admin.hpp"
#include "gateway/gateway.hpp"
#include "http/clock.hpp"
#include "listen_address.hpp"
#include "metrics.hpp"
#include "passed_socket.hpp"
#include "prices/price_list.hpp"
#include "sending/api_key.hpp"
#include "sending/decision_log_file.hpp"
#include "sending/limits_file.hpp"
#include "sending/log.hpp"
#include "sending/run_memory.hpp"
#include "sending/send_options.hpp"
#include "sending/transport_log.hpp"
#include "server/http_server.hpp"
#include "spending_file.hpp"
#include "terminal/console.hpp"
#include "terminal/wall_clock.hpp"

namespace asio = boost::asio;
namespace gateways = stagger::gateway;

namespace app {
namespace {

/// What was learned is kept so often, lest a crash loses all of it.
constexpr auto between_keeps = std::chrono::minutes(1);
constexpr std::size_t most_admin_connections = 100;
/// As many as are answered at a time, and those that are idle.
constexpr std::size_t connections_that_do_not_wait = 20'000;

struct serve_options {
    send_options sending;
    std::string listen = "127.0.0.1:8484";
    std::string admin = "127.0.0.1:8485";
    std::vector<std::string> hosts;
    std::vector<std::string> origins;
    std::string keepalive = "comment";
    std::string access_log;
    std::string clients;  ///< empty: anybody on this machine
    std::string prices;   ///< empty: none are known
    stagger::duration drain_timeout = std::chrono::seconds(30);
};

/// Every client takes a descriptor; the usual soft limit of 1024 is below what a gateway serves.
void raise_descriptor_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

std::optional<std::string> variable_of_environment(const char* name) {
    const char* const value = std::getenv(name);
    return value ? std::optional<std::string>(value) : std::nullopt;
}

using directory = std::shared_ptr<const gateways::client_directory>;

directory find_clients(const serve_options& chosen) {
    if (chosen.clients.empty()) return std::make_shared<const gateways::client_directory>();
    auto read = read_clients(chosen.clients);
    if (read->counts_money() && chosen.prices.empty())
        throw failure(exit_code::wrong_usage, chosen.clients + ": money_a_day needs --prices");
    return read;
}

/// Nothing where no state folder is known.
std::optional<spending_file> find_spending_file() {
    const auto limits = usual_limits_path();
    if (!limits) return std::nullopt;
    return spending_file((std::filesystem::path(*limits).parent_path() / "serve-spending.json").string());
}

std::shared_ptr<gateways::gateway> make_gateway(const asio::any_io_executor& executor, const send_plan& plan,
                                                const serve_options& chosen, const directory& clients) {
    gateways::gateway_options options;
    options.upstream = plan.client;
    options.limits = plan.limits;
    options.hidden = plan.hidden;
    options.calls.deadline = plan.client.deadline();
    options.access = {chosen.hosts, chosen.origins};
    options.clients = clients;
    if (!chosen.prices.empty()) {
        options.price = [prices = read_price_list(chosen.prices)](std::string_view model,
                                                                  const stagger::token_usage& used) {
            const token_prices* const of_model = prices.find(model);
            return of_model ? of_model->cost_of(used) : std::nullopt;
        };
    }
    options.comments = chosen.keepalive == "comment";
    try {
        options.upstream.validate();
        return std::make_shared<gateways::gateway>(executor, options);
    } catch (const std::invalid_argument& wrong) {
        throw failure(exit_code::wrong_usage, wrong.what());
    }
}

/// Null where none is asked for.
std::unique_ptr<access_log> open_access_log(const std::string& path, console& out) {
    return path.empty() ? nullptr : std::make_unique<access_log>(path, machine_clock(), out);
}

/// From the first connection to the last.
class serve_session {
 public:
    serve_session(const serve_options& chosen, console& out)
        : chosen_(chosen),
          out_(out),
          log_(make_log(out, chosen.sending.log_level, chosen.sending.log_file)),
          plan_(make_plan(chosen.sending, stagger::duration::zero())),
          memory_(chosen.sending, plan_, log_),
          access_log_(open_access_log(chosen.access_log, out)),
          signals_(context_, stop_signals::hangup::is_else),
          hangups_(context_, SIGHUP),
          keeping_(context_) {
        log_transport(plan_, *log_);
        show_fleet_notices(plan_, context_.get_executor(), out_);
        gateway_ = make_gateway(context_.get_executor(), plan_, chosen, find_clients(chosen));
        restore_spending();
        gateway_->observe(metrics_);
        if (access_log_) gateway_->observe(*access_log_);
    }

    exit_code run() {
        listen();
        signals_.await([this] { stop(); });
        await_hangup();
        keep_later();
        if (memory_.remark()) out_.remark(*memory_.remark());
        write_address();
        context_.run();
        memory_.keep({gateway_->gate()});
        keep_spending();
        if (plan_.decisions) plan_.decisions->finish();
        tell_counts();
        return interrupted_ ? exit_code::interrupted : exit_code::done;
    }

 private:
    using server = stagger::http_server::server;

    void listen() {
        listen_for_clients();
        if (chosen_.admin == "off") return;
        stagger::http_server::bounds few;
        few.body_bytes = 0;
        few.connections = most_admin_connections;
        admin_ = listen_on("--admin", parse_listen_address("--admin", chosen_.admin, reach::loopback), few,
                           make_admin());
        out_.remark("status at http://" + admin_->address() + "/");
    }

    void listen_for_clients() {
        const bool knows_clients = gateway_->clients().asks_for_keys();
        stagger::http_server::bounds many;
        many.connections = gateway_->options().most_waiting + connections_that_do_not_wait;
        const auto passed = find_passed_socket(variable_of_environment, getpid());
        if (!passed) {
            const reach public_one = knows_clients ? reach::anywhere : reach::loopback_without_keys;
            server_ = listen_on("--listen", parse_listen_address("--listen", chosen_.listen, public_one),
                                many, gateway_);
            return;
        }
        server_ = std::make_unique<server>(context_.get_executor(), *passed, many, gateway_);
        if (!knows_clients && !server_->is_on_loopback())
            throw failure(
                exit_code::wrong_usage,
                "LISTEN_FDS: the passed socket must listen on the loopback unless --clients lists keys, "
                "is " +
                    server_->address());
    }

    std::shared_ptr<gateways::admin> make_admin() {
        return std::make_shared<gateways::admin>(
            gateway_,
            gateways::admin::metrics_page{metrics::media_type,
                                          [this] { return metrics_.text(*gateway_, stagger::steady_now()); }},
            [this] { return reload(); });
    }

    std::unique_ptr<server> listen_on(const std::string& option, const asio::ip::tcp::endpoint& address,
                                      const stagger::http_server::bounds& allowed,
                                      std::shared_ptr<stagger::http_server::service> what) {
        try {
            return std::make_unique<server>(context_.get_executor(), address, allowed, std::move(what));
        } catch (const boost::system::system_error& failed) {
            throw failure(exit_code::wrong_usage,
                          fmt::format("{}: cannot listen on {}:{}: {}", option, address.address().to_string(),
                                      address.port(), failed.code().message()));
        }
    }

    // The first thing on standard output, once connections are accepted: whoever starts the command reads the
    // port there.
    void write_address() {
        stagger::batch::write_all(STDOUT_FILENO, "listening on http://" + server_->address() + "/v1\n");
    }

    void stop() {
        if (std::exchange(stopping_, true)) {
            interrupted_ = true;
            out_.remark("closing every connection");
            server_->close();
            return end();
        }
        out_.remark(fmt::format(
            "ending: {} calls that wait are turned away, others have {} s; a second signal ends them",
            gateway_->waiting(),
            std::chrono::duration_cast<std::chrono::seconds>(chosen_.drain_timeout).count()));
        gateway_->drain();
        server_->drain(chosen_.drain_timeout, [this] { end(); });
    }

    void end() {
        if (admin_) admin_->close();
        signals_.cancel();
        hangups_.cancel();
        keeping_.cancel();
    }

    // Who moves a log away says so by this, and who has changed a file.
    void await_hangup() {
        hangups_.async_wait([this](const stagger::error_code& error, int) {
            if (error) return;
            await_hangup();
            if (access_log_) {
                access_log_->reopen();
                out_.remark("opened the access log anew");
            }
            reload();
        });
    }

    /// Clients and the key are replaced together, or stay. What is wrong; empty: nothing.
    std::string reload() {
        if (chosen_.clients.empty() && chosen_.sending.api_key_file.empty()) return {};
        try {
            const auto clients = find_clients(chosen_);
            if (!clients->asks_for_keys() && !server_->is_on_loopback())
                throw failure(exit_code::wrong_usage,
                              chosen_.clients + ": must list keys while others than this machine can call");
            const std::string& key_file = chosen_.sending.api_key_file;
            gateway_->replace(clients, key_file.empty() ? plan_.secret : read_api_key(key_file));
            out_.remark(fmt::format("read clients and keys anew: {} tenants", clients->tenants()));
            return {};
        } catch (const failure& wrong) {
            out_.error(std::string(wrong.what()) + ": clients and keys stay as they were");
            return wrong.what();
        }
    }

    void keep_later() {
        keeping_.expires_after(between_keeps);
        keeping_.async_wait([this](const stagger::error_code& error) {
            if (error || stopping_) return;
            memory_.keep({gateway_->gate()});
            keep_spending();
            keep_later();
        });
    }

    void restore_spending() {
        if (!gateway_->clients().has_budgets()) return;
        if (!spending_)
            return log_->warn(
                "no folder for state is known (XDG_STATE_HOME, HOME): what budgets of today have left is not "
                "kept");
        if (spending_->is_anothers())
            throw failure(
                exit_code::file_failed,
                spending_->path() +
                    ": another gateway keeps its budgets there; give this one a folder for state of its own "
                    "(XDG_STATE_HOME)");
        std::string wrong;
        auto kept = spending_->read(wrong);
        if (!wrong.empty()) log_->warn("{}: budgets of today begin anew", wrong);
        if (kept) gateway_->books().restore(std::move(kept->used), kept->day, gateway_->options().today());
        keep_spending();  // tells now, not when it is needed, that it cannot be
    }

    void keep_spending() {
        const auto& books = gateway_->books();
        if (!gateway_->clients().has_budgets() || !spending_ || spending_->is_anothers()) return;
        const std::string wrong = spending_->write({books.used(), books.day()});
        if (!wrong.empty()) log_->warn("{}: what budgets of today have left is not kept", wrong);
    }

    void tell_counts() {
        const auto& all = gateway_->counts();
        out_.remark(fmt::format("{} calls: {} answered, {} turned away, {} left by their clients, {} cut",
                                all.calls, all.answered, all.turned_away, all.departed, all.cut));
    }

    const serve_options& chosen_;
    console& out_;
    std::shared_ptr<spdlog::logger> log_;
    send_plan plan_;
    run_memory memory_;
    metrics metrics_;
    std::unique_ptr<access_log> access_log_;
    const std::optional<spending_file> spending_ = find_spending_file();
    asio::io_context context_{1};
    std::shared_ptr<gateways::gateway> gateway_;
    std::unique_ptr<server> server_;
    std::unique_ptr<server> admin_;
    stop_signals signals_;
    asio::signal_set hangups_;
    asio::steady_timer keeping_;
    bool stopping_ = false;
    bool interrupted_ = false;
};

class serve_command final : public command {
 public:
    explicit serve_command(CLI::App& parser) {
        parser
            .add_option("--listen", options_.listen,
                        "Where to listen (default 127.0.0.1:8484); port 0: any free one. Beyond the loopback "
                        "only with --clients that have keys")
            ->type_name("HOST:PORT")
            ->group(group);
        parser
            .add_option(
                "--admin", options_.admin,
                "Where its state, /metrics, /healthz and /readyz are, an address of the loopback, or off "
                "(default 127.0.0.1:8485)")
            ->type_name("HOST:PORT")
            ->group(group);
        add_names(parser, "--allow-host", options_.hosts,
                  "A name under which clients may call, beside localhost; repeatable");
        add_names(parser, "--allow-origin", options_.origins,
                  "An origin whose pages may call, such as https://app.example.com; repeatable");
        parser
            .add_option(
                "--clients", options_.clients,
                "Who may call and what each tenant gets, JSON: keys by their SHA-256, shares, bounds. "
                "SIGHUP reads it again")
            ->type_name("FILE")
            ->group(group);
        parser
            .add_option("--prices", options_.prices,
                        "Prices by model, for budgets in money: JSON as litellm's "
                        "model_prices_and_context_window.json")
            ->type_name("FILE")
            ->group(group);
        parser
            .add_option("--keepalive", options_.keepalive,
                        "What streams that wait are sent: comment, or off (default comment)")
            ->check(CLI::IsMember({"comment", "off"}))
            ->type_name("WHAT")
            ->group(group);
        add_duration(
            parser, "--drain-timeout", [this](stagger::duration value) { options_.drain_timeout = value; },
            "After a first signal: for answers that have begun (default 30s)")
            ->group(group);
        add_duration(
            parser, "--deadline", [this](stagger::duration value) { options_.sending.deadline = value; },
            "One call from its arrival to the beginning of its answer; 0: as long as its client waits "
            "(default 0)")
            ->group(group);
        add_upstream_options(parser, options_.sending);
        add_pace_options(parser, options_.sending);
        add_message_options(parser, options_.sending);
        parser
            .add_option("--decision-log", options_.sending.decision_log,
                        "Write there why every request waited, as JSON lines; stagger replay reads them")
            ->type_name("FILE")
            ->group("Report");
        parser
            .add_option(
                "--access-log", options_.access_log,
                "Write there a line of JSON for every call when it ends; - is standard output. SIGHUP "
                "opens the file anew")
            ->type_name("FILE")
            ->group("Report");
    }

    exit_code run() override {
        console out(options_.sending.quiet);
        raise_descriptor_limit();
        return serve_session(options_, out).run();
    }

 private:
    static constexpr auto group = "Clients";

    static void add_names(CLI::App& parser, const std::string& name, std::vector<std::string>& to,
                          const std::string& help) {
        parser.add_option(name, to, help)
            ->type_name("NAME")
            ->group(group)
            ->take_all()
            ->allow_extra_args(false);
    }

    serve_options options_;
};

}  // namespace

std::unique_ptr<command> make_serve_command(CLI::App& parser) {
    return std::make_unique<serve_command>(parser);
}

}  // namespace app
