#include "in_flight.hpp"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>

#include "resident.hpp"
#include "stagger/client.hpp"
#include "throttled_server/server.hpp"

namespace in_flight {

namespace asio = boost::asio;

namespace {

// Long enough for all of them to be sent before the first is answered, also where two processors are busy.
constexpr auto answer_time = std::chrono::seconds(8);

/// The throttled server as a process, since the two ends of a connection count against one limit each.
class server_process {
 public:
    server_process() {
        int ends[2];
        if (::pipe(ends) != 0) throw std::runtime_error("no pipe");
        child_ = ::fork();
        if (child_ < 0) throw std::runtime_error("no process");
        if (child_ == 0) serve(ends[1]);
        ::close(ends[1]);
        const ssize_t got = ::read(ends[0], &port_, sizeof port_);
        ::close(ends[0]);
        if (got != static_cast<ssize_t>(sizeof port_)) throw std::runtime_error("the server does not start");
    }
    server_process(const server_process&) = delete;
    server_process& operator=(const server_process&) = delete;
    ~server_process() {
        ::kill(child_, SIGKILL);
        ::waitpid(child_, nullptr, 0);
    }

    std::string base_url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/v1"; }

 private:
    [[noreturn]] static void serve(int told) {
        asio::io_context context(1);
        stagger::provider::scenario described;
        described.provider.latency.mean = answer_time;
        described.provider.rtt = stagger::duration::zero();
        stagger::server::server server(context.get_executor(), described);
        const std::uint16_t port = server.port();
        if (::write(told, &port, sizeof port) == static_cast<ssize_t>(sizeof port)) context.run();
        ::_exit(0);
    }

    pid_t child_ = -1;
    std::uint16_t port_ = 0;
};

/// Counts how many are sent and not yet answered, and looks at the memory when they are most.
class watcher final : public stagger::attempt_observer {
 public:
    explicit watcher(std::size_t expected) : expected_(expected) {}

    void sent(const stagger::attempt_events::sent&) noexcept override {
        most = std::max(most, ++now_);
        if (now_ == expected_) resident = resident_bytes();
    }
    void done(const stagger::attempt_events::done& attempt) noexcept override {
        if (attempt.bytes_sent > 0) --now_;
    }

    std::size_t most = 0;
    std::size_t resident = 0;

 private:
    std::size_t expected_;
    std::size_t now_ = 0;
};

}  // namespace

std::size_t most_descriptors() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
}

outcome run(std::size_t requests) {
    const server_process server;
    const std::size_t before = resident_bytes();
    const auto began = std::chrono::steady_clock::now();
    asio::io_context context(1);
    const auto seen = std::make_shared<watcher>(requests);
    const auto limits = stagger::coordinator_options()
                            .pacing(stagger::pacing_kind::unpaced)
                            .max_in_flight(static_cast<unsigned>(requests));
    const auto options = stagger::client_options()
                             .base_url(server.base_url())
                             .model("m")
                             .connect_timeout(std::chrono::seconds(60))
                             .observer(seen);
    stagger::client llm(context.get_executor(), options, limits);
    outcome found;
    for (std::size_t each = 0; each < requests; ++each) {
        llm.async_complete(stagger::completion_request("Why is the sky blue?"),
                           [&found](stagger::error_code error, const stagger::completion&) {
                               if (!error) ++found.answered;
                           });
    }
    context.run();
    found.most_at_once = seen->most;
    if (seen->resident > before)
        found.resident_bytes = static_cast<double>(seen->resident - before) / static_cast<double>(requests);
    found.wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    return found;
}

}  // namespace in_flight
