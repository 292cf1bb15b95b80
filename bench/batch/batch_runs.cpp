#include "batch_runs.hpp"

#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <fstream>
#include <stdexcept>
#include <system_error>

#include "batch/engine.hpp"
#include "batch/prompt_file.hpp"
#include "batch/prompt_survey.hpp"
#include "batch/runner.hpp"
#include "immediate_transport.hpp"
#include "rows/row_prompts.hpp"

namespace bench {

namespace asio = boost::asio;

namespace {

constexpr auto body = R"({"choices":[{"message":{"role":"assistant","content":"Because."}}]})";

// A rate that nothing here reaches: every request is decided about, but a search for a limit is not measured.
constexpr auto unreached_rpm = "60000000";

class made_prompts final : public stagger::prompt_source {
 public:
    explicit made_prompts(std::size_t count) : count_(count) {}

    asio::awaitable<std::optional<stagger::batch_prompt>> read(stagger::error_code& error) override {
        error = {};
        if (next_ == count_) co_return std::nullopt;
        stagger::batch_prompt prompt;
        prompt.position = ++next_;
        prompt.custom_id = "line-" + std::to_string(next_);
        prompt.request.emplace("Why is the sky blue?");
        co_return prompt;
    }
    std::optional<std::size_t> remaining() const override { return count_ - next_; }

 private:
    std::size_t count_;
    std::size_t next_ = 0;
};

asio::awaitable<void> drop_all(stagger::batch_results results, std::size_t& count) {
    for (;;) {
        const auto [error, result] = co_await results.async_next(asio::as_tuple(asio::deferred));
        if (!result) co_return;
        ++count;
    }
}

/// Each line's number stands between `before` and `after`; `head` stands in front of all.
void write_lines(std::size_t count, const std::string& path, const std::string& before,
                 const std::string& after, const std::string& head = "") {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << head;
    for (std::size_t number = 1; number <= count; ++number) file << before << number << after << '\n';
    file.close();
    if (!file) throw std::system_error(errno, std::generic_category(), path);
}

void rethrow(const std::exception_ptr& failed);

/// From a source that was opened, into a results file.
run_outcome run_list(asio::io_context& context, std::unique_ptr<stagger::batch::listed_prompts> source,
                     const std::string& results) {
    immediate_transport server(context, body);
    std::string problem;
    auto sink = stagger::batch::result_file::open(context.get_executor(), results, {}, problem);
    if (!sink) throw std::runtime_error(results + ": " + problem);
    const auto found = stagger::batch::survey(*source, sink->recorded());
    if (!found || found->changed) throw std::runtime_error(results + ": of other prompts");
    source->expect(found->prompts);
    const auto runner =
        std::make_shared<stagger::batch::runner>(server.make(), std::move(source), std::move(sink));
    run_outcome outcome;
    auto ended = [&](const std::exception_ptr& failed, const stagger::batch::run_report& report) {
        rethrow(failed);
        outcome.results = report.counts.succeeded + report.counts.skipped;
    };
    asio::co_spawn(context, runner->run(), ended);
    context.run();
    outcome.rejections = server.rejections();
    return outcome;
}

void rethrow(const std::exception_ptr& failed) {
    if (failed) std::rethrow_exception(failed);
}

}  // namespace

run_outcome run_range(std::size_t prompts) {
    asio::io_context context(1);
    immediate_transport server(context, "");
    run_outcome outcome;
    auto engine = std::make_shared<stagger::batch::engine>(
        server.make(), std::make_unique<made_prompts>(prompts), stagger::batch_options());
    engine->start();
    asio::co_spawn(context, drop_all(stagger::batch_results(std::move(engine)), outcome.results), rethrow);
    context.run();
    outcome.rejections = server.rejections();
    return outcome;
}

run_outcome run_files(const std::string& prompts, const std::string& results) {
    asio::io_context context(1);
    stagger::error_code unreadable;
    auto source =
        stagger::batch::prompt_file::open(context.get_executor(), prompts, stagger::prompt_file_format::jsonl,
                                          stagger::dialect::openai_chat, unreadable);
    if (!source) throw std::system_error(unreadable, prompts);
    return run_list(context, std::move(source), results);
}

run_outcome run_rows(const std::string& prompts, const std::string& results) {
    asio::io_context context(1);
    app::prompt_making making;
    making.id_name = "id";
    auto source = std::make_unique<app::row_prompts>(context.get_executor(), std::vector{prompts},
                                                     app::row_reading(), std::move(making));
    source->check();
    return run_list(context, std::move(source), results);
}

void write_prompts(std::size_t count, const std::string& path) {
    write_lines(count, path, R"({"id":"customer-)", R"(-question","prompt":"Why is the sky blue?"})");
}

void write_table(std::size_t count, const std::string& path) {
    write_lines(count, path, "customer-", "-question,Why is the sky blue?", "id,prompt\n");
}

void write_requests(std::size_t count, const std::string& request, const std::string& path) {
    write_lines(count, path, R"({"id":"customer-)", R"(-question",)" + request.substr(1));
}

void become_batch(const network_run& run, const std::string& prompts, const std::string& results) {
    const auto connections = std::to_string(run.connections);
    ::execl(run.command.c_str(), run.command.c_str(), "batch", prompts.c_str(), "-o", results.c_str(),
            "--base-url", run.base_url.c_str(), "--model", "m", "--max-concurrency", connections.c_str(),
            "--rpm", unreached_rpm, "--no-remember", "--quiet", nullptr);
    throw std::system_error(errno, std::generic_category(), run.command);
}

}  // namespace bench
