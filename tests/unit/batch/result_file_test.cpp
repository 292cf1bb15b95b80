#include "batch/result_file.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <thread>

#include "batch/batch_line.hpp"
#include "support/temporary_folder.hpp"

namespace asio = boost::asio;
using stagger::batch::fsync_policy;
using stagger::batch::if_results_exist;
using stagger::batch::result_file;

namespace {

std::string answered(const std::string& id) {
    stagger::completion answer;
    answer.raw = R"({"text":"x"})";
    answer.info.http_status = 200;
    return stagger::wire::format_result_line(id, {}, answer) + "\n";
}

std::string failed(const std::string& id) {
    stagger::completion nothing;
    return stagger::wire::format_result_line(id, stagger::errc::bad_request, nothing) + "\n";
}

struct opening {
    asio::io_context context;
    std::string problem;
    std::unique_ptr<result_file> file;

    explicit opening(const std::string& path, if_results_exist mode = if_results_exist::resume,
                     fsync_policy fsync = fsync_policy::interval) {
        stagger::batch::result_file_options options;
        options.mode = mode;
        options.fsync = fsync;
        file = result_file::open(context.get_executor(), path, options, problem);
    }

    result_file::written write_lines(const std::string& lines) {
        result_file::written done;
        auto writing = [&]() -> asio::awaitable<void> { done = co_await file->write_lines(lines); };
        asio::co_spawn(context, writing(), asio::detached);
        context.restart();
        context.run();
        return done;
    }
    stagger::error_code write(const std::string& line) { return write_lines(line + "\n").error; }
    bool knows(const std::string& id) const { return file->recorded().contains_id(id); }
};

}  // namespace

TEST_CASE("lines are appended to a new file") {
    const temporary_folder folder;
    {
        opening one(folder.path("out"));
        REQUIRE(one.file);
        CHECK_FALSE(one.write("a"));
        CHECK_FALSE(one.write("b"));
        CHECK_FALSE(one.file->sync());
        CHECK(folder.read("out") == "a\nb\n");
    }
}

TEST_CASE("resuming knows what is answered and appends") {
    const temporary_folder folder;
    const auto path = folder.write("out", answered("line-1") + answered("x"));
    opening one(path);
    REQUIRE(one.file);
    CHECK(one.file->recorded().size() == 2);
    CHECK(one.knows("line-1"));
    CHECK(one.knows("x"));
    CHECK_FALSE(one.file->torn_line_cut());
    CHECK_FALSE(one.write("c"));
    CHECK(folder.read("out") == answered("line-1") + answered("x") + "c\n");
}

TEST_CASE("a torn last line is cut wherever it was torn") {
    const temporary_folder folder;
    const auto whole = answered("line-1");
    const auto torn = answered("line-2");
    for (std::size_t length = 1; length + 1 < torn.size(); ++length) {
        CAPTURE(length);
        const auto path = folder.write("out", whole + torn.substr(0, length));
        opening one(path);
        REQUIRE(one.file);
        CHECK(one.file->torn_line_cut());
        CHECK(one.file->recorded().size() == 1);
        CHECK(folder.read("out") == whole);
    }
}

TEST_CASE("a last line that lacks only its end gets one") {
    const temporary_folder folder;
    auto content = answered("line-1");
    content.pop_back();
    opening one(folder.write("out", content));
    REQUIRE(one.file);
    CHECK_FALSE(one.file->torn_line_cut());
    CHECK(one.knows("line-1"));
    CHECK(folder.read("out") == answered("line-1"));
}

TEST_CASE("failed results are results") {
    const temporary_folder folder;
    const auto content = failed("a") + answered("b");
    opening one(folder.write("out", content));
    REQUIRE(one.file);
    CHECK(one.file->failed_before() == 1);
    CHECK(one.file->recorded().size() == 2);
    CHECK(folder.read("out") == content);
}

TEST_CASE("failed results are taken out on request, so that each id has one line in the end") {
    const temporary_folder folder;
    const auto path = folder.write("out", failed("a") + answered("b") + failed("c") + answered("d"));
    REQUIRE(::chmod(path.c_str(), 0640) == 0);
    opening one(path, if_results_exist::retry_failed);
    REQUIRE(one.file);
    CHECK(one.file->failed_before() == 2);
    CHECK(one.file->recorded().size() == 2);
    CHECK(folder.read("out").size() > answered("b").size() + answered("d").size());
    REQUIRE(one.file->take_out_failed(one.problem));
    CHECK(folder.read("out") == answered("b") + answered("d"));
    CHECK_FALSE(one.write("e"));
    CHECK(folder.read("out") == answered("b") + answered("d") + "e\n");
    struct stat info {};
    REQUIRE(::stat(path.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0640);
    CHECK_FALSE(std::filesystem::exists(path + ".rewrite"));
}

TEST_CASE("what stands beside a results file is neither followed nor overwritten when that is rewritten") {
    const temporary_folder folder;
    const auto path = folder.write("out", failed("a") + answered("b"));
    folder.write("precious", "mine");
    std::filesystem::create_symlink(folder.path("precious"), path + ".rewrite");
    opening one(path, if_results_exist::retry_failed);
    REQUIRE(one.file);
    REQUIRE(one.file->take_out_failed(one.problem));
    CHECK(folder.read("out") == answered("b"));
    CHECK(folder.read("precious") == "mine");
    CHECK(std::filesystem::is_symlink(path + ".rewrite"));
    using entries = std::filesystem::directory_iterator;
    CHECK(std::distance(entries(folder.path("")), entries()) == 3);
}

TEST_CASE("a file behind a symbolic link is rewritten where it is") {
    const temporary_folder folder;
    folder.write("real", failed("a") + answered("b"));
    std::filesystem::create_symlink(folder.path("real"), folder.path("link"));
    opening one(folder.path("link"), if_results_exist::retry_failed);
    REQUIRE(one.file);
    REQUIRE(one.file->take_out_failed(one.problem));
    CHECK(std::filesystem::is_symlink(folder.path("link")));
    CHECK(folder.read("real") == answered("b"));
}

TEST_CASE("what is no results file is left alone") {
    const temporary_folder folder;
    for (const auto& content : {std::string("hello"), std::string("hello\n"), answered("a") + "hello",
                                answered("a") + "{\"prompt\":\"x\"}\n", std::string("{\"prompt\":\"x\"}\n"),
                                "{\"id\":\n" + answered("a"), std::string("{\"id\":\"x\",\"name\":\"y\"}"),
                                std::string("{\"id\":\"batch_req_7\", \"custom_id\":\"a"),
                                std::string("{\"id\":\"batch_req_0123456789abcdef\",\"custom_id\":\"a\"}"),
                                answered("a") + "{\"id\":7"}) {
        CAPTURE(content);
        opening one(folder.write("out", content));
        CHECK_FALSE(one.file);
        CHECK(one.problem.find("is not a result") != std::string::npos);
        CHECK(folder.read("out") == content);
    }
}

TEST_CASE("blocks that a crash of the machine left unwritten are cut, and what follows them") {
    const temporary_folder folder;
    const auto whole = answered("a");
    for (const auto& damage : {std::string(100, '\0'), whole.substr(0, 20) + std::string(50, '\0'),
                               std::string(70, '\0') + "\n" + answered("b")}) {
        opening one(folder.write("out", whole + damage));
        REQUIRE(one.file);
        CHECK(one.file->torn_line_cut());
        CHECK(one.file->recorded().size() == 1);
        CHECK(folder.read("out") == whole);
    }
    const auto foreign = std::string(100, '\0') + "\n";
    CHECK_FALSE(opening(folder.write("out", foreign)).file);
    CHECK(folder.read("out") == foreign);
}

TEST_CASE("a result that was asked with other parameters is told by its line") {
    const temporary_folder folder;
    stagger::completion answer;
    answer.info.http_status = 200;
    answer.raw = "{}";
    std::string content;
    for (const std::uint64_t parameters : {7, 7, 8, 9}) {
        const stagger::wire::result_origin origin{content.size() + 1, 1, parameters};
        content += stagger::wire::format_result_line("x", {}, answer, origin) + "\n";
    }
    asio::io_context context;
    std::string problem;
    stagger::batch::result_file_options options;
    options.parameters = 7;
    const auto path = folder.write("out", content);
    CHECK(result_file::open(context.get_executor(), path, options, problem)->other_parameters() == 3);
    folder.write("out", answered("from elsewhere"));
    CHECK(result_file::open(context.get_executor(), path, options, problem)->other_parameters() == 0);
}

TEST_CASE("what was written is synchronised by every policy") {
    const temporary_folder folder;
    for (const auto policy : {fsync_policy::always, fsync_policy::interval, fsync_policy::never}) {
        opening one(folder.path("out"), if_results_exist::overwrite, policy);
        REQUIRE(one.file);
        const stagger::time_point start{std::chrono::hours(1)};
        for (int second = 0; second < 3; ++second) {
            CHECK(one.write_lines("a\nb\n").lines == 2);
            CHECK_FALSE(one.file->sync_if_due(start + std::chrono::seconds(second)));
        }
        CHECK_FALSE(one.file->sync());
        CHECK(folder.read("out") == "a\nb\na\nb\na\nb\n");
    }
}

TEST_CASE("a line is kept once what is promised of it holds") {
    const temporary_folder folder;
    const stagger::time_point start{std::chrono::hours(1)};
    for (const auto policy : {fsync_policy::always, fsync_policy::never}) {
        opening one(folder.path("out"), if_results_exist::overwrite, policy);
        one.write_lines("a\nb\n");
        CHECK(one.file->lines_kept() == 2);
    }
    opening one(folder.path("out"), if_results_exist::overwrite, fsync_policy::interval);
    one.write_lines("a\nb\n");
    CHECK(one.file->lines_kept() == 0);
    CHECK_FALSE(one.file->sync_if_due(start));
    one.write_lines("c\n");
    // It runs beside: a later call has it.
    auto now = start;
    while (one.file->lines_kept() == 0) {
        now += std::chrono::milliseconds(1);
        REQUIRE(now < start + std::chrono::hours(1));
        CHECK_FALSE(one.file->sync_if_due(now));
        std::this_thread::yield();
    }
    CHECK(one.file->lines_kept() >= 2);
    CHECK_FALSE(one.file->sync());
    CHECK(one.file->lines_kept() == 3);
}

TEST_CASE("overwriting starts over, whatever is there") {
    const temporary_folder folder;
    opening one(folder.write("out", "hello\n" + answered("a")), if_results_exist::overwrite);
    REQUIRE(one.file);
    CHECK(one.file->recorded().size() == 0);
    CHECK(folder.read("out").empty());
}

TEST_CASE("a second run on the same file is refused, and changes nothing") {
    const temporary_folder folder;
    const auto path = folder.write("out", failed("a") + answered("b"));
    opening first(path, if_results_exist::retry_failed);
    REQUIRE(first.file);
    for (const bool taken_out : {false, true}) {
        if (taken_out) REQUIRE(first.file->take_out_failed(first.problem));
        const auto mode = taken_out ? if_results_exist::resume : if_results_exist::overwrite;
        opening second(path, mode);
        CHECK_FALSE(second.file);
        CHECK(second.problem == "another run is writing it");
    }
    CHECK(folder.read("out") == answered("b"));
}

TEST_CASE("what cannot be opened says why") {
    const temporary_folder folder;
    CHECK(opening(folder.path("missing/out")).problem == "No such file or directory");
    CHECK(opening(folder.path("")).problem == "Is a directory");
}

TEST_CASE("a full disk is reported by the line that does not fit") {
    opening one("/dev/full");
    REQUIRE(one.file);
    CHECK(one.write("a") == boost::system::errc::no_space_on_device);
}

TEST_CASE("a line that fits only in part leaves nothing of itself") {
    // A file size limit is a full disk that a test can have for itself.
    const temporary_folder folder;
    ::signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
    opening one(folder.path("out"));
    REQUIRE(one.file);
    rlimit small = before;
    small.rlim_cur = 100;
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
    const auto first = one.write(std::string(60, 'a'));
    const auto second = one.write_lines("b\n" + std::string(60, 'c') + "\nd\n");
    const auto content = folder.read("out");
    ::setrlimit(RLIMIT_FSIZE, &before);
    CHECK_FALSE(first);
    CHECK(second.error == boost::system::errc::file_too_large);
    CHECK(second.lines == 1);
    CHECK(content == std::string(60, 'a') + "\nb\n");
}

TEST_CASE("a pipe whose reader is gone is reported") {
    const temporary_folder folder;
    ::signal(SIGPIPE, SIG_IGN);
    const auto path = folder.path("pipe");
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    stagger::batch::file_handle reader(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    opening one(path);
    REQUIRE(one.file);
    CHECK_FALSE(one.write("a"));
    reader = {};
    CHECK(one.write("b") == boost::system::errc::broken_pipe);
}
