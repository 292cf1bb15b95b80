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

/// The same with the reader that `stagger batch` has, which tells by the name whether it is JSONL or a table.
run_outcome run_rows(const std::string& prompts, const std::string& results);

/// Writes such a prompt file.
void write_prompts(std::size_t count, const std::string& path);
/// Writes the same prompts as a table.
void write_table(std::size_t count, const std::string& path);

/// The command itself, against a server.
struct network_run {
    std::string command;  ///< path of `stagger`
    std::string base_url;
    std::string request;  ///< what every line says beside its id, as a JSON object
    unsigned connections = 64;
};

/// Writes a prompt file of `network_run::request`.
void write_requests(std::size_t count, const std::string& request, const std::string& path);

/// Becomes `stagger batch` from `prompts` to `results`: returns only by throwing.
[[noreturn]] void become_batch(const network_run& run, const std::string& prompts,
                               const std::string& results);

}  // namespace bench
