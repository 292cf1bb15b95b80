#include "spending_file.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <filesystem>
#include <stdexcept>
#include <system_error>

#include "cli/exit_code.hpp"
#include "cli/file_replacement.hpp"
#include "cli/json_file.hpp"
#include "cli/option_values.hpp"
#include "json/json_writer.hpp"
#include "scenario/scenario_file_object.hpp"

namespace app {
namespace {

using stagger::gateway::day_use;
using stagger::wire::scenario_object;

constexpr std::uint64_t last_day = 1'000'000'000;
constexpr std::size_t digits_of_tenant = 16;

std::uint64_t read_tenant_number(const std::string& text, const std::string& where) {
    std::size_t read = 0;
    std::uint64_t number = 0;
    try {
        number = std::stoull(text, &read, 16);
    } catch (const std::exception&) {
        read = 0;
    }
    if (read != text.size() || text.size() != digits_of_tenant)
        throw std::invalid_argument(where + ": must be named by 16 hexadecimal digits");
    return number;
}

std::string tenant_name(std::uint64_t number) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text(digits_of_tenant, '0');
    for (auto place = text.rbegin(); place != text.rend(); ++place, number >>= 4U)
        *place = digits[number & 15U];
    return text;
}

}  // namespace

std::string format_spending(const spending& what) {
    std::string tenants;
    stagger::wire::object_writer all(tenants);
    for (const auto& [tenant, used] : what.used) {
        stagger::wire::object_writer one(all.key(tenant_name(tenant)));
        one.number("requests", used.requests);
        one.number("tokens", used.tokens);
        one.number("money", used.money);
        one.close();
    }
    all.close();
    std::string text;
    stagger::wire::object_writer whole(text);
    whole.count("day", static_cast<std::uint64_t>(what.day));
    whole.raw("tenants", tenants);
    whole.close();
    return text + "\n";
}

spending parse_spending(const boost::json::value& file) {
    const scenario_object top(file, "");
    top.expect_only({"day", "tenants"});
    spending made;
    made.day = static_cast<stagger::gateway::day_books::day_number>(top.whole("day", 0, 0, last_day));
    const scenario_object tenants(top.require("tenants"), "tenants");
    for (const auto& [name, value] : top.require("tenants").get_object()) {
        const std::string where = tenants.path_of(std::string(name));
        const scenario_object from(value, where, {"requests", "tokens", "money"});
        const day_use used{from.number("requests", 0, stagger::wire::not_negative),
                           from.number("tokens", 0, stagger::wire::not_negative),
                           from.number("money", 0, stagger::wire::not_negative)};
        made.used.emplace(read_tenant_number(std::string(name), where), used);
    }
    return made;
}

spending_file::spending_file(std::string path) : path_(std::move(path)) {
    std::error_code ignored;
    std::filesystem::create_directories(std::filesystem::path(path_).parent_path(), ignored);
    constexpr mode_t own_file = 0600;
    lock_ = stagger::batch::file_handle(
        ::open((path_ + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, own_file));
    is_anothers_ = lock_ && ::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

std::optional<spending> spending_file::read(std::string& wrong) const {
    std::error_code ignored;
    if (!std::filesystem::exists(path_, ignored)) return std::nullopt;
    try {
        return parse_spending(read_json_file(path_));
    } catch (const std::invalid_argument& damaged) {
        wrong = path_ + ": " + damaged.what();
    } catch (const failure& unreadable) {
        wrong = unreadable.what();
    }
    return std::nullopt;
}

std::string spending_file::write(const spending& what) const {
    return replace_file(path_, format_spending(what)).value_or("");
}

}  // namespace app
