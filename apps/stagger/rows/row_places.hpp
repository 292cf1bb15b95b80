#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace app {

/// Where rows stand whose numbers run on from file to file.
class row_places {
 public:
    /// @param before number of the last row before the file
    void file_begins(std::string name, std::size_t before) {
        if (files_.empty() || before >= files_.back().before) files_.push_back({std::move(name), before});
    }
    /// "FILE:N" with N as that file counts.
    std::string name_of(std::size_t row) const {
        const auto* holds = &files_.front();
        for (const auto& each : files_) {
            if (each.before < row) holds = &each;
        }
        return holds->name + ":" + std::to_string(row - holds->before);
    }

 private:
    struct file {
        std::string name;
        std::size_t before;
    };
    std::vector<file> files_;
};

}  // namespace app
