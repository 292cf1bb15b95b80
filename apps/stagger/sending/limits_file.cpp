#include "limits_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include "batch/file_handle.hpp"
#include "cli/file_replacement.hpp"

namespace app {
namespace {

using stagger::batch::file_handle;
using stagger::batch::system_failure;

// A thousand entries have a tenth of it.
constexpr std::size_t largest_file = 4 * 1024 * 1024;
// Others hold the lock for milliseconds. A run does not wait for one that hangs.
constexpr auto lock_patience = std::chrono::seconds(2);
constexpr auto lock_interval = std::chrono::milliseconds(10);
constexpr mode_t own_folder = 0700;
constexpr mode_t own_file = 0600;

limits_file::problem about(const std::string& path, const std::string& what) {
    return {path + ": " + what, false};
}

limits_file::problem about(const std::string& path) {
    return about(path, system_failure().message());
}

/// A folder and all above it that are missing.
std::optional<limits_file::problem> make_folder(const std::filesystem::path& folder) {
    if (::mkdir(folder.c_str(), own_folder) == 0 || errno == EEXIST) return std::nullopt;
    if (errno != ENOENT || !folder.has_relative_path()) return about(folder.string());
    if (auto failed = make_folder(folder.parent_path())) return failed;
    if (::mkdir(folder.c_str(), own_folder) == 0 || errno == EEXIST) return std::nullopt;
    return about(folder.string());
}

/// The lock has a file of its own, since the one that is kept is replaced by every writer.
file_handle lock(const std::string& path, std::optional<limits_file::problem>& failed) {
    file_handle held(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, own_file));
    if (!held) {
        failed = about(path);
        return held;
    }
    const auto give_up = std::chrono::steady_clock::now() + lock_patience;
    while (::flock(held.get(), LOCK_EX | LOCK_NB) != 0) {
        // File systems without locks are used without one.
        if (errno == ENOLCK || errno == ENOTSUP || errno == EINVAL) return held;
        if (errno != EWOULDBLOCK && errno != EINTR) {
            failed = about(path);
            return {};
        }
        if (std::chrono::steady_clock::now() >= give_up) {
            failed = about(path, "another process holds the lock");
            return {};
        }
        std::this_thread::sleep_for(lock_interval);
    }
    return held;
}

std::optional<std::string> read_all(int file) {
    std::string text;
    std::array<char, 64 * 1024> block{};
    for (;;) {
        const auto got = ::read(file, block.data(), block.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return std::nullopt;
        if (got == 0) return text;
        text.append(block.data(), static_cast<std::size_t>(got));
        if (text.size() > largest_file) {
            errno = EFBIG;
            return std::nullopt;
        }
    }
}

/// Why one of them cannot be written.
std::optional<std::string> unwritable_entry(const stagger::wire::limits_by_key& limits) {
    for (const auto& [key, learned] : limits) {
        if (auto wrong = stagger::wire::unwritable(key, learned)) return wrong;
    }
    return std::nullopt;
}

/// Entries that cannot be read are there for the change to erase, or to replace, by their keys.
void change_all(limits_file::contents& kept, const limits_file::edit& change) {
    const stagger::remembered_limits unknown;
    for (const auto& [key, text] : kept.unread) kept.limits.emplace(key, unknown);
    change(kept.limits);
    std::erase_if(kept.unread, [&](const auto& entry) {
        const auto at = kept.limits.find(entry.first);
        const bool stays = at != kept.limits.end() && at->second == unknown;
        if (stays) kept.limits.erase(at);
        return !stays;
    });
}

/// No longer than what is read again.
std::string text_of(stagger::wire::limits_by_key limits, stagger::wire::entries_as_written unread) {
    // Of these nobody knows which are old. They do not cost those that can be read.
    const auto more = stagger::wire::format_limits_file({}, unread).size();
    if (unread.size() > stagger::wire::most_remembered || more > largest_file / 2) unread.clear();
    for (;;) {
        std::string text = stagger::wire::format_limits_file(limits, unread);
        if (text.size() <= largest_file || limits.empty()) return text;
        constexpr std::size_t share = 10;
        stagger::wire::drop_oldest(limits, limits.size() / share + 1);
    }
}

}  // namespace

std::optional<std::string> usual_limits_path() {
    const auto absolute = [](const char* variable) -> std::optional<std::string> {
        const char* value = std::getenv(variable);
        if (!value || value[0] != '/') return std::nullopt;
        return value;
    };
    if (const auto state = absolute("XDG_STATE_HOME")) return *state + "/stagger/limits.json";
    if (const auto home = absolute("HOME")) return *home + "/.local/state/stagger/limits.json";
    return std::nullopt;
}

std::chrono::sys_seconds current_date() {
    return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

limits_file::contents limits_file::read() const {
    const file_handle file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file && errno == ENOENT) return {};
    const auto text = file ? read_all(file.get()) : std::nullopt;
    if (!text) return {{}, about(path_), {}, {}};
    try {
        auto parsed = stagger::wire::parse_limits_file(*text);
        for (std::string& each : parsed.refused) each.insert(0, path_ + ": ");
        return {std::move(parsed.limits), std::nullopt, std::move(parsed.refused), std::move(parsed.unread)};
    } catch (const stagger::wire::unknown_limits_version& other) {
        return {{}, about(path_, std::string(other.what()) + "; it is left alone"), {}, {}};
    } catch (const std::invalid_argument& damaged) {
        return {{}, problem{path_ + ": " + damaged.what(), true}, {}, {}};
    }
}

std::optional<limits_file::problem> limits_file::update(const edit& change,
                                                        std::chrono::sys_seconds now) const {
    if (auto failed = make_folder(std::filesystem::path(path_).parent_path())) return failed;
    std::optional<problem> failed;
    const file_handle held = lock(path_ + ".lock", failed);
    if (failed) return failed;
    contents kept = read();
    if (kept.wrong && !kept.wrong->damaged) return kept.wrong;
    change_all(kept, change);
    stagger::wire::drop_old(kept.limits, now);
    const auto left_out = unwritable_entry(kept.limits);
    if (const auto not_written = replace_file(path_, text_of(std::move(kept.limits), std::move(kept.unread))))
        return problem{*not_written, false};
    return left_out ? std::optional(about(path_, *left_out)) : std::nullopt;
}

}  // namespace app
