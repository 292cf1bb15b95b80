// What one completion costs its client: the whole path, many times over kept connections, in CPU time of this
// process. Prints one line of JSON.

#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "dialect/dialect.hpp"
#include "stagger/client.hpp"

namespace asio = boost::asio;

namespace {

struct settings {
    std::string url;
    std::string ca_file;
    unsigned connections = 64;
    std::size_t requests = 100'000;
    std::size_t warm_up = 2'000;
    unsigned routes = 0;  // to the one server; 0: a client without routes
    bool print_body = false;
    std::string json_of;  // a body: only it is decoded, and the request encoded
};

// A rate that nothing here reaches: the coordinator decides about every request, but is not to slow any down.
constexpr double first_rate = 1e6;

// As long as a short question with its instructions.
const std::string prompt =
    "Answer in one sentence, without any introduction, and name your source: " +
    std::string(
        "why is the sky blue at noon and red in the evening, and what would it look like "
        "on a planet whose air is twice as dense?");

double cpu_seconds() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

/// Requests that are still to be sent, and how many came to nothing.
struct progress {
    std::size_t left = 0;
    std::size_t failed = 0;
    std::string why;
};

stagger::completion_request make_request() {
    return stagger::completion_request(prompt).max_new_tokens(64);
}

asio::awaitable<void> worker(stagger::client llm, progress& run) {
    while (run.left > 0) {
        --run.left;
        auto request = make_request();
        const auto [error, answer] =
            co_await llm.async_complete(std::move(request), asio::as_tuple(asio::deferred));
        if (!error && !answer.text.empty()) continue;
        ++run.failed;
        run.why = error.message() + ": " + answer.info.message;
    }
}

void send(asio::io_context& context, const stagger::client& llm, unsigned workers, progress& run) {
    for (unsigned i = 0; i < workers; ++i) {
        asio::co_spawn(context, worker(llm, run), [](const std::exception_ptr& broken) {
            if (broken) std::rethrow_exception(broken);
        });
    }
    context.restart();
    context.run();
}

stagger::client make_client(asio::io_context& context, const settings& chosen) {
    auto options =
        stagger::client_options().model("m").api_key("key").single_threaded(true).ca_file(chosen.ca_file);
    const auto limits =
        stagger::coordinator_options().max_in_flight(chosen.connections).initial_rate(first_rate);
    if (chosen.routes == 0) return {context.get_executor(), options.base_url(chosen.url), limits};
    std::vector<stagger::route> all;
    for (unsigned i = 0; i < chosen.routes; ++i)
        all.push_back(stagger::route(chosen.url).name(std::to_string(i)).limits(limits));
    return {context.get_executor(), stagger::routes(std::move(all)), options};
}

int measure_client(const settings& chosen) {
    asio::io_context context(1);
    const stagger::client llm = make_client(context, chosen);
    progress run;
    run.left = chosen.warm_up;
    send(context, llm, chosen.connections, run);

    run.left = chosen.requests;
    const double before = cpu_seconds();
    const auto began = std::chrono::steady_clock::now();
    send(context, llm, chosen.connections, run);
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - began;
    const double used = cpu_seconds() - before;
    std::printf("{\"requests\":%zu,\"failed\":%zu,\"cpu_s\":%.4f,\"elapsed_s\":%.4f}\n", chosen.requests,
                run.failed, used, elapsed.count());
    if (run.failed > 0) std::fprintf(stderr, "client_cost: the last failure: %s\n", run.why.c_str());
    return run.failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

stagger::wire::encoded_request encode_request() {
    stagger::wire::encoding_context context;
    context.base_path = "/v1";
    context.model = "m";
    context.api_key = "key";
    stagger::error_code error;
    std::string problem;
    auto encoded = stagger::wire::encode(make_request(), context, error, problem);
    if (error) throw std::runtime_error(problem);
    return encoded;
}

int print_body() {
    std::puts(encode_request().body.c_str());
    return EXIT_SUCCESS;
}

/// The wire's part of a request alone, most of it JSON: to be taken off where the transport is judged.
int measure_wire(const settings& chosen) {
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < chosen.requests; ++i) {
        bytes += encode_request().body.size();
        stagger::wire::response received;
        received.status = 200;
        received.body = chosen.json_of;
        const auto decoded =
            stagger::wire::decode(std::move(received), stagger::dialect::openai_chat, 1.7e9, "key");
        if (decoded.error) throw std::runtime_error(decoded.answer.info.message);
        bytes += decoded.answer.text.size();
    }
    std::printf("{\"requests\":%zu,\"bytes\":%zu}\n", chosen.requests, bytes);
    return EXIT_SUCCESS;
}

}  // namespace

int main(int count, char** words) try {
    settings chosen;
    CLI::App app("Requests per CPU-second of the client, against any server of the OpenAI dialect.");
    app.add_option("--url", chosen.url, "base URL");
    app.add_option("--ca-file", chosen.ca_file, "certificate authority of an https server");
    app.add_option("--connections", chosen.connections, "kept connections, each with one request in flight");
    app.add_option("--routes", chosen.routes, "as so many routes to the one server; 0: without routes");
    app.add_option("--requests", chosen.requests, "requests that are measured");
    app.add_option("--warm-up", chosen.warm_up, "requests before them");
    app.add_option("--json-of", chosen.json_of, "no network: encode the request and decode this answer");
    app.add_flag("--print-body", chosen.print_body,
                 "no network: print the body of a request, for other clients to send");
    CLI11_PARSE(app, count, words);
    if (chosen.print_body) return print_body();
    if (!chosen.json_of.empty()) return measure_wire(chosen);
    return measure_client(chosen);
} catch (const std::exception& error) {
    std::fprintf(stderr, "client_cost: %s\n", error.what());
    return EXIT_FAILURE;
}
