#include "distinct_files.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "exit_code.hpp"

namespace app {

bool same_file(const std::string& left, const std::string& right) {
    struct stat a {};
    struct stat b {};
    if (left == "-" || right == "-") return false;
    const bool left_exists = ::stat(left.c_str(), &a) == 0;
    const bool right_exists = ::stat(right.c_str(), &b) == 0;
    if (left_exists && right_exists) {
        return S_ISREG(a.st_mode) && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
    }
    if (left_exists || right_exists) return false;
    std::error_code unknown;  // then the path stays as it is
    return std::filesystem::weakly_canonical(left, unknown) ==
           std::filesystem::weakly_canonical(right, unknown);
}

void keep_apart(const std::string& option, const std::string& path, const std::vector<std::string>& others) {
    const auto taken = std::find_if(others.begin(), others.end(), [&](const std::string& other) {
        return !path.empty() && !other.empty() && same_file(path, other);
    });
    if (taken != others.end()) {
        throw failure(exit_code::wrong_usage, option + ": cannot go into " + *taken +
                                                  ", which is read or written for something else");
    }
}

bool one_is_standard_output(const std::vector<std::pair<std::string, std::string>>& files) {
    const std::string* taken = nullptr;
    for (const auto& [option, path] : files) {
        if (path != "-") continue;
        if (taken) {
            throw failure(exit_code::wrong_usage,
                          option + ": must be a file of its own, is \"-\" as " + *taken + " is");
        }
        taken = &option;
    }
    return taken;
}

}  // namespace app
