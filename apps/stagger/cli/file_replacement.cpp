#include "cli/file_replacement.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "batch/file_handle.hpp"
#include "batch/write_all.hpp"

namespace app {

std::optional<std::string> replace_file(const std::string& path, const std::string& text) {
    using stagger::batch::file_handle;
    using stagger::batch::system_failure;
    std::string beside = path + ".XXXXXX";
    const file_handle fresh(::mkostemp(beside.data(), O_CLOEXEC));  // 0600
    if (!fresh) return beside + ": " + system_failure().message();
    auto failed = stagger::batch::write_all(fresh.get(), text);
    if (!failed && (::fsync(fresh.get()) != 0 || ::rename(beside.c_str(), path.c_str()) != 0)) {
        failed = system_failure();
    }
    if (failed) {
        ::unlink(beside.c_str());
        return path + ": " + failed.message();
    }
    // The new name, too, outlives a crash. Where that cannot be asked for, there is nothing to be done.
    const file_handle folder(
        ::open(std::filesystem::path(path).parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (folder) ::fsync(folder.get());
    return std::nullopt;
}

}  // namespace app
