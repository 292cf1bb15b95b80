#pragma once

#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace app {

/** The manual page of a command, in man(7)'s roff, made of what its help says.
 *
 * @param program with all its commands
 * @param command one of them
 * @param description sections that stand before the options, in roff: what only people can say
 */
std::string manual_page(const CLI::App& program, const CLI::App& command, std::string_view description);

/// Text in roff, none of which is read as a request or an escape; hyphens stay hyphens where they are copied.
std::string roff_text(std::string_view text);

}  // namespace app
