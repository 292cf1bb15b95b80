#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <functional>

namespace app {

/// What asks a command to end: Ctrl-C, a terminal that was closed, another process.
class stop_signals {
 public:
    /// What a terminal that was closed means.
    enum class hangup {
        ends,
        is_else,  ///< something of the command's own
    };
    explicit stop_signals(boost::asio::io_context& context, hangup means = hangup::ends);

    /// From now on `told` is called for every one of them, in the context.
    void await(std::function<void()> told);
    /// They still do not kill the process, but nobody is told.
    void cancel() { signals_.cancel(); }

 private:
    void next();

    boost::asio::signal_set signals_;
    std::function<void()> told_;
};

}  // namespace app
