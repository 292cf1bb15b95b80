#include "stagger/result_sink.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <stdexcept>
#include <utility>

#include "batch/batch_line.hpp"
#include "batch/result_file.hpp"

namespace asio = boost::asio;

namespace stagger {
namespace {

class function_sink final : public result_sink {
 public:
    explicit function_sink(std::function<void(batch_result)> use) : use_(std::move(use)) {}

    asio::awaitable<error_code> write(batch_result result) override {
        use_(std::move(result));
        co_return error_code();
    }

 private:
    std::function<void(batch_result)> use_;
};

class file_sink final : public result_sink {
 public:
    explicit file_sink(std::unique_ptr<batch::result_file> file) : file_(std::move(file)) {}

    asio::awaitable<error_code> write(batch_result result) override {
        auto line = wire::format_result_line(result.custom_id, result.error, result.answer);
        line += '\n';
        const auto written = co_await file_->write_lines(std::move(line));
        co_return written.error;
    }
    asio::awaitable<error_code> finish() override { co_return file_->sync(); }

 private:
    std::unique_ptr<batch::result_file> file_;
};

}  // namespace

std::unique_ptr<result_sink> results_into(std::vector<batch_result>& all) {
    return results_into([&all](batch_result result) { all.push_back(std::move(result)); });
}

std::unique_ptr<result_sink> results_into(std::function<void(batch_result)> use) {
    if (!use) throw std::invalid_argument("use: must not be empty");
    return std::make_unique<function_sink>(std::move(use));
}

std::unique_ptr<result_sink> results_into_file(const asio::any_io_executor& executor, const std::string& path,
                                               std::string& problem) {
    batch::result_file_options options;
    options.mode = batch::if_results_exist::overwrite;
    auto file = batch::result_file::open(executor, path, options, problem);
    if (!file) return nullptr;
    return std::make_unique<file_sink>(std::move(file));
}

asio::awaitable<error_code> deliver(batch_results results, result_sink& sink) {
    constexpr auto token = asio::as_tuple(asio::deferred);
    for (;;) {
        auto [ended, result] = co_await results.async_next(token);
        if (!result) {
            const auto unfinished = co_await sink.finish();
            co_return ended ? ended : unfinished;
        }
        const auto refused = co_await sink.write(std::move(*result));
        if (!refused) continue;
        results.cancel();
        co_return refused;
    }
}

}  // namespace stagger
