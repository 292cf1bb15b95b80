#include "batch/prompt_file.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "batch/batch_error.hpp"
#include "batch/file_handle.hpp"
#include "batch/write_all.hpp"
#include "support/temporary_folder.hpp"

namespace asio = boost::asio;
using stagger::prompt_file_format;
using stagger::batch::prompt_file;

namespace {

struct reading {
    std::vector<stagger::batch_prompt> prompts;
    std::vector<std::optional<std::size_t>> remaining;
    stagger::error_code error;
    bool ended = false;
};

asio::awaitable<void> read_all(stagger::prompt_source& source, reading& seen) {
    seen.remaining.push_back(source.remaining());
    while (auto prompt = co_await source.read(seen.error)) {
        seen.prompts.push_back(std::move(*prompt));
        seen.remaining.push_back(source.remaining());
    }
    seen.ended = true;
}

reading read_file(const std::string& path, prompt_file_format format = prompt_file_format::automatic) {
    asio::io_context context;
    reading seen;
    const auto source = stagger::prompts_from_file(context.get_executor(), path, format,
                                                   stagger::dialect::openai_chat, seen.error);
    if (!source) return seen;
    asio::co_spawn(context, read_all(*source, seen), asio::detached);
    context.run();
    return seen;
}

std::string prompt_of(const stagger::batch_prompt& each) {
    return each.request ? each.request->prompt() : "unreadable: " + each.problem;
}

}  // namespace

TEST_CASE("plain text: a prompt a line, blank lines skipped and counted, whatever the line ends") {
    const temporary_folder folder;
    const auto seen = read_file(folder.write("list",
                                             "\xef\xbb\xbf"
                                             "one\r\n\r\n \ntwo\nthree"));
    CHECK(seen.ended);
    CHECK_FALSE(seen.error);
    REQUIRE(seen.prompts.size() == 3);
    CHECK(prompt_of(seen.prompts[0]) == "one");
    CHECK(seen.prompts[0].custom_id == "line-1");
    CHECK(prompt_of(seen.prompts[1]) == "two");
    CHECK(seen.prompts[1].custom_id == "line-4");
    CHECK(seen.prompts[1].position == 4);
    CHECK(prompt_of(seen.prompts[2]) == "three");
    CHECK(seen.remaining == std::vector<std::optional<std::size_t>>{3, 2, 1, 0});
}

TEST_CASE("a line whose id can be read keeps it, whatever else is wrong with the line") {
    const temporary_folder folder;
    const auto seen =
        read_file(folder.write("list.jsonl", R"({"custom_id":"r1","method":"post","url":"/v1/x","body":{}}
{"custom_id":"r2","prompt":5}
{"id":[],"prompt":"a"}
not JSON
)"));
    REQUIRE(seen.prompts.size() == 4);
    for (const auto& each : seen.prompts) CHECK_FALSE(each.request);
    CHECK(seen.prompts[0].custom_id == "r1");
    CHECK(seen.prompts[1].custom_id == "r2");
    CHECK(seen.prompts[2].custom_id == "line-3");
    CHECK(seen.prompts[3].custom_id == "line-4");
}

TEST_CASE("a file that becomes shorter while it is read is an error, after the prompts that are there") {
    const temporary_folder folder;
    asio::io_context context;
    reading seen;
    const auto path = folder.write("list", "one\ntwo\nthree\n");
    const auto source = stagger::prompts_from_file(context.get_executor(), path, prompt_file_format::text,
                                                   stagger::dialect::openai_chat, seen.error);
    REQUIRE(source);
    std::filesystem::resize_file(path, 6);
    asio::co_spawn(context, read_all(*source, seen), asio::detached);
    context.run();
    CHECK(seen.prompts.size() == 2);
    CHECK(seen.error == make_error_code(stagger::batch::batch_errc::prompts_shrunk));
}

TEST_CASE("the format comes from the name, else from the first line, else from the caller") {
    const temporary_folder folder;
    const std::string json = R"({"prompt": "one", "id": "a"})"
                             "\n";
    CHECK(read_file(folder.write("list", json)).prompts.at(0).custom_id == "a");
    CHECK(read_file(folder.write("list.jsonl", json)).prompts.at(0).custom_id == "a");
    CHECK(prompt_of(read_file(folder.write("list.txt", json)).prompts.at(0)) ==
          json.substr(0, json.size() - 1));
    CHECK(prompt_of(read_file(folder.path("list"), prompt_file_format::text).prompts.at(0)) ==
          json.substr(0, json.size() - 1));
    CHECK(prompt_of(read_file(folder.write("text.jsonl", "one\n")).prompts.at(0)).starts_with("unreadable"));
    CHECK(prompt_of(read_file(folder.write("text", "one\n{\"prompt\": 1}\n")).prompts.at(1)) ==
          "{\"prompt\": 1}");
}

TEST_CASE("a line that cannot be read is handed out with its problem, and the rest follows") {
    const temporary_folder folder;
    const std::string too_long(stagger::longest_prompt_line + 1, 'x');
    const auto seen =
        read_file(folder.write("list.jsonl", "{\"prompt\": \"one\"}\n{\"prompt\": \n" + too_long +
                                                 "\n{\"prompt\": \"bad \xff\"}\n{\"prompt\": \"last\"}\n"));
    REQUIRE(seen.prompts.size() == 5);
    CHECK(prompt_of(seen.prompts[0]) == "one");
    for (const std::size_t index : {1, 2, 3}) {
        CHECK_FALSE(seen.prompts[index].request);
        CHECK_FALSE(seen.prompts[index].problem.empty());
        CHECK(seen.prompts[index].custom_id == "line-" + std::to_string(index + 1));
    }
    CHECK(seen.prompts[2].problem == "longer than 16 MiB");
    CHECK(prompt_of(seen.prompts[4]) == "last");
}

TEST_CASE("a line as long as allowed is read") {
    const temporary_folder folder;
    const std::string longest(stagger::longest_prompt_line, 'x');
    const auto seen = read_file(folder.write("list.txt", longest + "\nnext\n"));
    REQUIRE(seen.prompts.size() == 2);
    CHECK(seen.prompts[0].request->prompt() == longest);
    CHECK(prompt_of(seen.prompts[1]) == "next");
}

TEST_CASE("an empty file and one of blank lines hold no prompts") {
    const temporary_folder folder;
    for (const auto* content : {"", "\n\n", "\xef\xbb\xbf"}) {
        const auto seen = read_file(folder.write("list", content));
        CHECK(seen.ended);
        CHECK(seen.prompts.empty());
        CHECK_FALSE(seen.error);
    }
    CHECK(read_file("/dev/null").ended);
}

TEST_CASE("what cannot be opened says why") {
    const temporary_folder folder;
    CHECK(read_file(folder.path("missing")).error == boost::system::errc::no_such_file_or_directory);
    CHECK(read_file(folder.path("")).error == boost::system::errc::is_a_directory);
}

TEST_CASE("a pipe is read as its lines come, without keeping the others waiting") {
    const temporary_folder folder;
    const auto path = folder.path("pipe");
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    // Both ways, so that neither end waits for the other to be opened.
    stagger::batch::file_handle writer(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    asio::io_context context;
    reading seen;
    const auto source = prompt_file::open(context.get_executor(), path, prompt_file_format::text,
                                          stagger::dialect::openai_chat, seen.error);
    REQUIRE(source);
    asio::co_spawn(context, read_all(*source, seen), asio::detached);
    context.poll();
    CHECK(seen.prompts.empty());
    CHECK_FALSE(seen.remaining.at(0));
    CHECK_FALSE(stagger::batch::write_all(writer.get(), "one\ntw"));
    context.run_one();
    context.poll();
    CHECK(seen.prompts.size() == 1);
    CHECK_FALSE(stagger::batch::write_all(writer.get(), "o"));
    writer = {};
    context.run();
    REQUIRE(seen.prompts.size() == 2);
    CHECK(prompt_of(seen.prompts[1]) == "two");
    CHECK(seen.ended);
}
