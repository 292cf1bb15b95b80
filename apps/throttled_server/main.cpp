#include <sys/resource.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/system/system_error.hpp>
#include <csignal>
#include <iostream>
#include <system_error>

#include "throttled_server/arguments.hpp"
#include "throttled_server/server.hpp"

namespace {

/// Every connection takes a descriptor; the usual soft limit of 1024 is below what a load test opens.
void raise_descriptor_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

int serve(stagger::server::arguments read) {
    boost::asio::io_context context(1);
    const std::string wanted = read.chosen.host + " port " + std::to_string(read.chosen.port);
    try {
        stagger::server::server server(context.get_executor(), std::move(read.scenario),
                                       std::move(read.chosen));
        boost::asio::signal_set signals(context, SIGINT, SIGTERM);
        signals.async_wait([&](const boost::system::error_code& error, int) {
            if (!error) server.close();
        });
        std::cout << "listening on " << server.address() << std::endl;
        context.run();
    } catch (const boost::system::system_error& failed) {
        std::cerr << "throttled_server: cannot listen on " << wanted << ": " << failed.code().message()
                  << "\n";
        return static_cast<int>(stagger::server::exit_code::unusable);
    } catch (const std::system_error& failed) {
        std::cerr << "throttled_server: " << failed.what() << "\n";
        return static_cast<int>(stagger::server::exit_code::unusable);
    }
    return static_cast<int>(stagger::server::exit_code::done);
}

}  // namespace

int main(int argc, char** argv) {
    auto code = stagger::server::exit_code::done;
    auto read = stagger::server::read_arguments(argc, argv, code);
    if (!read) return static_cast<int>(code);
    raise_descriptor_limit();
    return serve(std::move(*read));
}
