#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>

#include "batch/batch_line.hpp"
#include "batch/line_hash.hpp"
#include "batch/result_file.hpp"
#include "fuzz/fuzz_input.hpp"
#include "fuzz/property.hpp"
#include "fuzz/targets.hpp"
#include "json/json_text.hpp"

// A run over any file that is there already: it is refused and stays as it is, or it loses nothing and has a
// result of every prompt in the end.

namespace stagger::fuzz {
namespace {

constexpr int prompts = 6;
constexpr std::uint64_t parameters = 5;

/// In memory where there is such a folder: the file is written and read thousands of times a second.
std::string file_name() {
    const std::filesystem::path memory = "/dev/shm";
    const auto folder =
        std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path();
    return folder / ("stagger-fuzz-results-" + std::to_string(::getpid()));
}

class kept_file {
 public:
    explicit kept_file(const std::string& content) {
        std::ofstream file(path_, std::ios::binary | std::ios::trunc);
        file.write(content.data(), static_cast<std::streamsize>(content.size()));
    }
    ~kept_file() {
        std::error_code ignored;
        std::filesystem::remove(path_, ignored);
    }
    kept_file(const kept_file&) = delete;
    kept_file& operator=(const kept_file&) = delete;

    const std::string& path() const { return path_; }
    std::string content() const {
        std::ifstream file(path_, std::ios::binary);
        return std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    }

 private:
    std::string path_ = file_name();
};

batch_prompt prompt(int number) {
    batch_prompt made;
    made.custom_id = "line-" + std::to_string(number);
    made.position = static_cast<std::size_t>(number);
    made.hash = batch::line_hash("p" + std::to_string(number));
    return made;
}

std::string result_of(int number, bool answered, std::uint64_t with) {
    completion result;
    result.raw = R"({"a":)" + std::to_string(number) + "}";
    result.info.http_status = answered ? 200 : 500;
    const batch_prompt of = prompt(number);
    return wire::format_result_line(of.custom_id, answered ? error_code() : errc::malformed_answer, result,
                                    {of.position, of.hash, with});
}

std::string torn(const std::string& line, std::uint8_t share) {
    return line.substr(0, line.size() * share / 255);
}

/// Results of ours, torn ones, and bytes of anybody.
std::string some_results(fuzz_input& input) {
    constexpr int most_pieces = 12;
    std::string content;
    for (int i = 0; i < most_pieces && !input.empty(); ++i) {
        const std::uint8_t what = input.byte();
        const int number = what / 8 % prompts + 1;
        switch (what % 8) {
            case 0:
            case 1:
            case 2:
                content += result_of(number, (what & 128) != 0, parameters) + "\n";
                break;
            case 3:
                content += torn(result_of(number, true, parameters), input.byte());
                break;
            case 4:
                content += input.take(input.byte() % 16);
                break;
            case 5:
                content += "\r\n";
                break;
            case 6:
                content.append(what / 8, '\0');  // as a file system leaves after a crash
                break;
            default:
                content += result_of(number, (what & 128) != 0, what) + "\n";
        }
    }
    return content;
}

using opened_file = std::unique_ptr<batch::result_file>;

void write(boost::asio::io_context& context, batch::result_file& file, int number) {
    batch::result_file::written done;
    boost::asio::co_spawn(context, file.write_lines(result_of(number, true, parameters) + "\n"),
                          [&done](std::exception_ptr, batch::result_file::written what) { done = what; });
    context.restart();
    context.run();
    require(!done.error && done.lines == 1, "a result is written");
}

/// What was there and is not any more was the torn beginning of a line.
void require_kept(const std::string& before, const std::string& after) {
    const std::size_t shorter = std::min(before.size(), after.size());
    std::size_t same = 0;
    while (same < shorter && before[same] == after[same]) ++same;
    if (same == before.size()) return;
    const auto end = before.rfind('\n', same == 0 ? 0 : same - 1);
    const std::string last = before.substr(end == before.npos ? 0 : end + 1);
    require(wire::json_problem(last).has_value(), "no whole JSON is cut off", last);
}

std::map<std::string, int> results_in(std::string_view content) {
    std::map<std::string, int> found;
    if (content.starts_with("\xef\xbb\xbf")) content.remove_prefix(3);
    while (!content.empty()) {
        const auto end = content.find('\n');
        require(end != content.npos, "the last line has an end");
        if (const auto result = wire::parse_result_line(content.substr(0, end))) ++found[result->custom_id];
        content.remove_prefix(end + 1);
    }
    return found;
}

}  // namespace

void fuzz_result_file(std::string_view bytes) {
    fuzz_input input(bytes);
    const std::uint8_t choices = input.byte();
    const std::string before = (choices & 4) != 0 ? std::string(input.rest()) : some_results(input);
    batch::result_file_options options;
    options.mode =
        (choices & 1) != 0 ? batch::if_results_exist::retry_failed : batch::if_results_exist::resume;
    options.by_id = (choices & 2) != 0;
    options.fsync = batch::fsync_policy::never;
    options.parameters = parameters;

    const kept_file file(before);
    boost::asio::io_context context;
    std::string problem;
    std::set<int> asked;
    bool rewritten = false;
    {
        const opened_file opened =
            batch::result_file::open(context.get_executor(), file.path(), options, problem);
        if (!opened) {
            require(!problem.empty(), "a refusal says why");
            return require(file.content() == before, "a file that is refused stays as it is");
        }
        if (options.mode == batch::if_results_exist::retry_failed && opened->failed_before() > 0) {
            rewritten = true;
            require(opened->take_out_failed(problem), "failed results are taken out", problem);
        }
        for (int number = 1; number <= prompts; ++number) {
            if (!opened->recorded().contains(prompt(number))) asked.insert(number);
        }
        for (const int number : asked) write(context, *opened, number);
    }
    const std::string after = file.content();
    if (!rewritten) require_kept(before, after);
    const auto found = results_in(after);
    for (const int number : asked)
        require(found.count(prompt(number).custom_id) > 0, "what was asked has a result", after);

    const opened_file again = batch::result_file::open(context.get_executor(), file.path(), options, problem);
    require(again != nullptr, "what a run leaves can be continued", problem);
    require(!again->torn_line_cut(), "a run leaves no torn line");
    for (int number = 1; number <= prompts; ++number)
        require(again->recorded().contains(prompt(number)), "every prompt is recorded", after);
}

}  // namespace stagger::fuzz
