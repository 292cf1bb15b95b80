#include "fleet_choice.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/post.hpp>
#include <stdexcept>
#include <utility>

#include "cli/exit_code.hpp"
#include "cli/option_setting.hpp"
#include "cli/text_file.hpp"
#include "redis/redis_address.hpp"
#include "send_options.hpp"

namespace app {
namespace {

constexpr auto fleet_group = "Fleet";
constexpr auto url_variable = "STAGGER_FLEET_URL";
constexpr auto password_variable = "STAGGER_FLEET_PASSWORD";

std::string password_of(const fleet_choice& choice) {
    if (choice.password_file.empty()) return process_environment(password_variable);
    std::string text = read_text_file(choice.password_file);
    while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
    if (text.empty())
        throw failure(exit_code::wrong_usage, "--fleet-password-file: " + choice.password_file + " is empty");
    return text;
}

/// What others can read on the command line is no place for a password.
void refuse_password_in(const std::string& url) {
    if (stagger::redis::parse_redis_address(url).password.empty()) return;
    throw failure(
        exit_code::wrong_usage,
        std::string("--fleet: a password does not belong on the command line, where others can read "
                    "it; use --fleet-password-file, ") +
            password_variable + " or " + url_variable);
}

}  // namespace

void add_fleet_options(CLI::App& command, fleet_choice& choice) {
    choice.is_offered = true;
    command
        .add_option("--fleet", choice.url,
                    "Share the limit with every process that names the same Redis or Valkey: "
                    "redis://[user@]host[:port][/database], rediss:// for TLS (else STAGGER_FLEET_URL)")
        ->type_name("URL")
        ->group(fleet_group);
    command
        .add_option("--fleet-password-file", choice.password_file,
                    "File that holds the password (else STAGGER_FLEET_PASSWORD, else that in "
                    "STAGGER_FLEET_URL)")
        ->type_name("FILE")
        ->group(fleet_group);
    command
        .add_option("--fleet-prefix", choice.prefix,
                    "What all its keys and channels begin with (default stagger)")
        ->type_name("NAME")
        ->group(fleet_group);
    command
        .add_option("--fleet-ca", choice.ca_file,
                    "Certificate authorities to trust beside the system's for it (PEM)")
        ->type_name("FILE")
        ->group(fleet_group);
}

std::optional<stagger::fleet_options> make_fleet(const fleet_choice& choice) {
    if (!choice.is_offered) return std::nullopt;
    try {
        if (!choice.url.empty()) refuse_password_in(choice.url);
        const std::string url = choice.url.empty() ? process_environment(url_variable) : choice.url;
        if (url.empty()) return std::nullopt;
        auto made = stagger::fleet_options().url(url).password(password_of(choice));
        made.prefix(choice.prefix).ca_file(choice.ca_file);
        made.validate();
        return made;
    } catch (const std::invalid_argument& wrong) {
        throw failure(exit_code::wrong_usage, "--" + std::string(wrong.what()));
    }
}

void show_fleet_notices(send_plan& plan, const boost::asio::any_io_executor& executor, console& out) {
    if (!plan.client.fleet()) return;
    auto fleet = *plan.client.fleet();
    fleet.on_notice([executor, &out](const std::string& text) {
        boost::asio::post(executor, [&out, text] { out.remark(text); });
    });
    plan.client.fleet(std::move(fleet));
}

}  // namespace app
