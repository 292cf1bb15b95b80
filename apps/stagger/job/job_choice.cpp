#include "job/job_choice.hpp"

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <memory>

#include "cli/exit_code.hpp"
#include "http/sha256.hpp"
#include "job/job_scripts.hpp"
#include "net/fleet_names.hpp"

namespace app {

void check_job(const std::string& option, const std::string& name, const fleet_choice& fleet) {
    if (!stagger::job::is_job_name(name))
        throw failure(exit_code::wrong_usage,
                      option + ": must be 1 to 64 letters, digits, '-', '_' and '.', is \"" + name + "\"");
    if (!make_fleet(fleet))
        throw failure(exit_code::wrong_usage,
                      option + ": is kept in a store: give --fleet or set STAGGER_FLEET_URL");
}

std::string name_of_results(const std::string& path) {
    if (path == "-") return stagger::detail::member_name();
    std::array<char, 256> host{};
    if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
    const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr), &std::free);
    constexpr std::size_t told_bytes = 16;
    const std::string all = std::string(host.data()) + '\n' + (real ? real.get() : path.c_str());
    return stagger::hex_of(stagger::sha256_of("stagger results: " + all), told_bytes);
}

}  // namespace app
