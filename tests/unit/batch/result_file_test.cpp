#include "batch/result_file.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "support/temporary_folder.hpp"
#include "wire/batch_line.hpp"

namespace asio = boost::asio;
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

    explicit opening(const std::string& path, if_results_exist mode = if_results_exist::resume) {
        file = result_file::open(context.get_executor(), path, mode, problem);
    }

    stagger::error_code write(const std::string& text) {
        stagger::error_code error;
        auto writing = [&]() -> asio::awaitable<void> { error = co_await file->write_line(text); };
        asio::co_spawn(context, writing(), asio::detached);
        context.restart();
        context.run();
        return error;
    }
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
    CHECK(one.file->answered().size() == 2);
    CHECK(one.file->answered().contains("line-1"));
    CHECK(one.file->answered().contains("x"));
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
        CHECK(one.file->answered().size() == 1);
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
    CHECK(one.file->answered().contains("line-1"));
    CHECK(folder.read("out") == answered("line-1"));
}

TEST_CASE("failed results are taken out, so that each id has one line in the end") {
    const temporary_folder folder;
    const auto path = folder.write("out", failed("a") + answered("b") + failed("c") + answered("d"));
    REQUIRE(::chmod(path.c_str(), 0640) == 0);
    opening one(path);
    REQUIRE(one.file);
    CHECK(one.file->failed_before() == 2);
    CHECK(one.file->answered().size() == 2);
    CHECK(folder.read("out") == answered("b") + answered("d"));
    CHECK_FALSE(one.write("e"));
    CHECK(folder.read("out") == answered("b") + answered("d") + "e\n");
    struct stat info {};
    REQUIRE(::stat(path.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0640);
    CHECK_FALSE(std::filesystem::exists(path + ".rewrite"));
}

TEST_CASE("a file behind a symbolic link is rewritten where it is") {
    const temporary_folder folder;
    folder.write("real", failed("a") + answered("b"));
    std::filesystem::create_symlink(folder.path("real"), folder.path("link"));
    opening one(folder.path("link"));
    REQUIRE(one.file);
    CHECK(std::filesystem::is_symlink(folder.path("link")));
    CHECK(folder.read("real") == answered("b"));
}

TEST_CASE("what is no results file is left alone") {
    const temporary_folder folder;
    for (const auto& content : {std::string("hello"), std::string("hello\n"), answered("a") + "hello",
                                answered("a") + "{\"prompt\":\"x\"}\n", std::string("{\"prompt\":\"x\"}\n"),
                                "{\"id\":\n" + answered("a")}) {
        CAPTURE(content);
        opening one(folder.write("out", content));
        CHECK_FALSE(one.file);
        CHECK(one.problem.find("is not a result") != std::string::npos);
        CHECK(folder.read("out") == content);
    }
}

TEST_CASE("overwriting starts over, whatever is there") {
    const temporary_folder folder;
    opening one(folder.write("out", "hello\n" + answered("a")), if_results_exist::overwrite);
    REQUIRE(one.file);
    CHECK(one.file->answered().size() == 0);
    CHECK(folder.read("out").empty());
}

TEST_CASE("a second run on the same file is refused, and changes nothing") {
    const temporary_folder folder;
    const auto path = folder.write("out", failed("a") + answered("b"));
    opening first(path);
    REQUIRE(first.file);
    for (const auto mode : {if_results_exist::resume, if_results_exist::overwrite}) {
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
    const auto second = one.write(std::string(60, 'b'));
    const auto content = folder.read("out");
    ::setrlimit(RLIMIT_FSIZE, &before);
    CHECK_FALSE(first);
    CHECK(second == boost::system::errc::file_too_large);
    CHECK(content == std::string(60, 'a') + "\n");
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
