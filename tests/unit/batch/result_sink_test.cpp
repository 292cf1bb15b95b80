#include "stagger/result_sink.hpp"

#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "batch/batch_line.hpp"
#include "batch/engine.hpp"
#include "support/temporary_folder.hpp"
#include "unit/batch/fake_transport.hpp"

namespace asio = boost::asio;

namespace {

struct fixture {
    asio::io_context context;
    fake_transport peer{context};
    std::optional<stagger::error_code> ended;

    fixture() {
        peer.answer = [](const std::string& prompt) {
            return std::pair(stagger::error_code(), fake_transport::success(prompt));
        };
    }

    void deliver(stagger::result_sink& sink) {
        const auto engine = std::make_shared<stagger::batch::engine>(
            peer.make(4), stagger::prompts_from(std::vector<std::string>{"a", "b", "c"}),
            stagger::batch_options().ordered(1));
        engine->start();
        auto done = [this](const std::exception_ptr& failed, stagger::error_code error) {
            if (failed) std::rethrow_exception(failed);
            ended = error;
        };
        asio::co_spawn(context, stagger::deliver(stagger::batch_results(engine), sink), done);
        context.poll();
    }
};

class refusing_sink final : public stagger::result_sink {
 public:
    asio::awaitable<stagger::error_code> write(stagger::batch_result) override {
        co_return make_error_code(boost::system::errc::no_space_on_device);
    }
};

}  // namespace

TEST_CASE("a vector and a function take every result") {
    fixture all;
    std::vector<stagger::batch_result> kept;
    const auto into_vector = stagger::results_into(kept);
    all.deliver(*into_vector);
    CHECK(all.ended == stagger::error_code());
    REQUIRE(kept.size() == 3);
    CHECK(kept[2].answer.text == "re: c");

    fixture again;
    std::string seen;
    const auto into_function =
        stagger::results_into([&](stagger::batch_result result) { seen += result.custom_id + " "; });
    again.deliver(*into_function);
    CHECK(seen == "prompt-1 prompt-2 prompt-3 ");
}

TEST_CASE("a file takes every result as a line of the Batch form") {
    const temporary_folder folder;
    fixture all;
    std::string problem;
    const auto sink = stagger::results_into_file(all.context.get_executor(), folder.path("out"), problem);
    REQUIRE_MESSAGE(sink, problem);
    CHECK_FALSE(stagger::results_into_file(all.context.get_executor(), folder.path("out"), problem));
    CHECK(problem == "another run is writing it");
    all.deliver(*sink);
    CHECK(all.ended == stagger::error_code());
    std::istringstream lines(folder.read("out"));
    std::size_t count = 0;
    for (std::string line; std::getline(lines, line);) {
        const auto read = stagger::wire::parse_result_line(line);
        REQUIRE(read);
        CHECK(read->custom_id == "prompt-" + std::to_string(++count));
        CHECK(read->succeeded);
    }
    CHECK(count == 3);
}

TEST_CASE("a sink that takes no more ends the batch with its error") {
    fixture all;
    refusing_sink full;
    all.deliver(full);
    CHECK(all.ended == make_error_code(boost::system::errc::no_space_on_device));
    CHECK(all.peer.requests < 3);
}
