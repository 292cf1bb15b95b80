#pragma once

#include <cstddef>
#include <string>

namespace bench {

/// What a batch went through, to see that it is what was meant.
struct run_outcome {
    std::size_t results = 0;
    std::size_t rejections = 0;
};

/// Prompts made as they are asked for, through `submit`'s engine, each result taken from the range and
/// dropped.
run_outcome run_range(std::size_t prompts);

/// A prompt file with ids of its own, through the runner, into a results file; what that file has is skipped.
run_outcome run_files(const std::string& prompts, const std::string& results);

/// Writes such a prompt file.
void write_prompts(std::size_t count, const std::string& path);

}  // namespace bench
