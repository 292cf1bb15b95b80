#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <optional>
#include <string>

#include "stagger/fleet.hpp"
#include "terminal/console.hpp"

namespace CLI {
class App;
}

namespace app {

struct send_plan;

/// With whom a limit is shared, as given on the command line.
struct fleet_choice {
    bool is_offered = false;  ///< the command has these options at all
    std::string url;
    std::string password_file;
    std::string prefix = stagger::fleet_options().prefix();
    std::string ca_file;
};

/// Adds the options to a command; `choice` must outlive the parsing.
void add_fleet_options(CLI::App& command, fleet_choice& choice);

/** The options, with what the environment adds: the URL where none is given, and the password.
 * @return nothing where no fleet is named
 * @throws failure wrong_usage or file_failed
 */
std::optional<stagger::fleet_options> make_fleet(const fleet_choice& choice);

/// What the fleet has to say is shown, by `executor`, which is the thread of `out`.
void show_fleet_notices(send_plan& plan, const boost::asio::any_io_executor& executor, console& out);

}  // namespace app
