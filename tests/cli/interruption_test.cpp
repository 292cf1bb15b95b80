#include <doctest/doctest.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <csignal>

#include "cli/interruption.hpp"

// That the context ends is the moment that is given to what does not let itself be closed.
TEST_CASE("the first signal asks gently, the second at once, and then the context is stopped") {
    boost::asio::io_context context;
    app::interruption one(context);
    int gently = 0;
    int at_once = 0;
    const auto ask_again = [&] {
        ++gently;
        CHECK(one.has_come());
        std::raise(SIGTERM);
    };
    one.await(ask_again, [&] { ++at_once; });
    CHECK(!one.has_come());
    const auto keeps_running = boost::asio::make_work_guard(context);
    std::raise(SIGINT);
    context.run();
    CHECK(gently == 1);
    CHECK(at_once == 1);
}
