#include "bench_prompts.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>

#include "load/synthetic_prompts.hpp"
#include "stagger/prompt_source.hpp"

namespace app {
namespace {

namespace asio = boost::asio;
using requests = std::vector<stagger::completion_request>;

// More of them make no difference to a measurement, but to memory.
constexpr std::size_t most_prompts = 100'000;

failure unreadable(const bench_plan& plan, const std::string& why) {
    return {exit_code::file_failed, plan.prompts + ": " + why};
}

asio::awaitable<requests> read_all(const bench_plan& plan, stagger::prompt_source& source) {
    requests all;
    while (all.size() < most_prompts) {
        stagger::error_code error;
        auto prompt = co_await source.read(error);
        if (error) throw unreadable(plan, error.message());
        if (!prompt) break;
        if (!prompt->request) {
            throw failure(exit_code::wrong_usage,
                          plan.prompts + ":" + std::to_string(prompt->position) + ": " + prompt->problem);
        }
        all.push_back(std::move(*prompt->request));
    }
    co_return all;
}

}  // namespace

requests read_bench_prompts(const bench_plan& plan) {
    if (plan.prompts.empty()) return {};
    asio::io_context context;
    stagger::error_code error;
    const auto source =
        stagger::prompts_from_file(context.get_executor(), plan.prompts,
                                   stagger::prompt_file_format::automatic, plan.turns.front().dialect, error);
    if (!source) throw unreadable(plan, error.message());
    requests all;
    auto take = [&all](const std::exception_ptr& failed, requests read) {
        if (failed) std::rethrow_exception(failed);
        all = std::move(read);
    };
    asio::co_spawn(context, read_all(plan, *source), std::move(take));
    context.run();
    if (all.empty()) throw failure(exit_code::wrong_usage, plan.prompts + ": holds no prompt");
    return all;
}

std::function<stagger::completion_request(std::uint64_t)> requests_of(const bench_plan& plan,
                                                                      const send_plan& turn,
                                                                      const requests& from_file) {
    if (!from_file.empty()) {
        return [&turn, &from_file](std::uint64_t number) {
            stagger::completion_request request = from_file[number % from_file.size()];
            apply_defaults(turn, request);
            return request;
        };
    }
    const stagger::load::synthetic_prompts prompts(plan.prompt_tokens, plan.profile.seed);
    return [&turn, prompts](std::uint64_t number) {
        stagger::completion_request request = prompts.make(number);
        apply_defaults(turn, request);
        return request;
    };
}

}  // namespace app
