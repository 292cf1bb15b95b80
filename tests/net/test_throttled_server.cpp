#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <boost/system/system_error.hpp>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "dialect/rate_limit_headers.hpp"
#include "net/loopback_client.hpp"
#include "scenario/scenario_file.hpp"
#include "throttled_server/server.hpp"

using namespace stagger;
using namespace stagger::test;
using namespace std::chrono_literals;

namespace {

/// A server on a thread of its own. Limits are so slow, and services so long or so short, that how fast the
/// test runs makes no difference.
class running_server {
 public:
    explicit running_server(const std::string& provider, server::options chosen = {})
        : server_(context_.get_executor(),
                  wire::parse_scenario("{\"name\": \"test\", \"provider\": " + provider + "}",
                                       wire::clients_member::optional),
                  std::move(chosen)),
          thread_([this] { context_.run(); }) {}
    ~running_server() { finish(); }
    running_server(const running_server&) = delete;
    running_server& operator=(const running_server&) = delete;

    loopback_client connect() const { return loopback_client(server_.port()); }
    server::server& operator*() { return server_; }
    server::server* operator->() { return &server_; }
    void finish() {
        server_.close();
        if (thread_.joinable()) thread_.join();
    }
    /// Asks for the statistics over the wire until they are as wanted: each round trip lets the server go on.
    bool reaches(const std::function<bool(const server::statistics&)>& wanted) {
        auto asking = connect();
        for (int round = 0; round < 100'000; ++round) {
            if (wanted(server_.stats())) return true;
            asking.ask(get("/stats"));
        }
        return false;
    }

 private:
    boost::asio::io_context context_{1};
    server::server server_;
    std::thread thread_;
};

const std::string instant = R"("latency": {"mean_s": 0}, "rtt_s": 0)";
const std::string endless = R"("latency": {"mean_s": 3600}, "rtt_s": 0)";

/// A bucket that admits `burst` requests and then nobody for a long while.
std::string bucket_of(int burst, const std::string& more = instant) {
    return R"({"limits": [{"kind": "token_bucket", "rate_per_s": 0.001, "burst": )" + std::to_string(burst) +
           "}], " + more + "}";
}

const std::string chat_path = "/v1/chat/completions";
const std::string engine_path = "/v1/llm/completions-sync?model_endpoint_name=llama-2-7b";

std::string chat_body(const std::string& prompt) {
    return R"({"model": "m", "max_tokens": 5, "messages": [{"role": "system", "content": "be brief"},
              {"role": "user", "content": ")" +
           prompt + "\"}]}";
}
std::string chat(const std::string& prompt, const std::string& lines = "") {
    return post(chat_path, chat_body(prompt), lines);
}

boost::json::value json_of(const http_answer& answer) {
    return boost::json::parse(answer.body);
}

std::string streamed_chat(const std::string& prompt, const std::string& more = "") {
    return post(chat_path, R"({"model": "m", "stream": true, "messages": [{"role": "user", "content": ")" +
                               prompt + "\"}]" + more + "}");
}

/// The stream's documents, without the frame around them.
std::vector<std::string> documents_of(const std::string& body, const std::string& line_end = "\n") {
    const std::string begin = "data: ";
    const std::string end = line_end + line_end;
    std::vector<std::string> documents;
    for (std::size_t at = 0; at < body.size();) {
        const std::size_t stop = body.find(end, at);
        REQUIRE(body.compare(at, begin.size(), begin) == 0);
        REQUIRE(stop != std::string::npos);
        documents.push_back(body.substr(at + begin.size(), stop - at - begin.size()));
        at = stop + end.size();
    }
    return documents;
}

std::vector<wire::field> fields_of(const http_answer& answer) {
    std::vector<wire::field> fields;
    for (const auto& [name, value] : answer.fields) fields.push_back({name, value});
    return fields;
}

}  // namespace

TEST_CASE("a chat completion") {
    running_server server(bucket_of(9));
    auto client = server.connect();
    const auto answer = client.ask(chat("why?", "x-request-id: mine\r\n"));
    CHECK(answer.status == 200);
    CHECK(answer.field("Content-Type") == "application/json");
    CHECK(answer.field("x-request-id") == "mine");
    CHECK(answer.field("Date").ends_with(" GMT"));
    const auto body = json_of(answer);
    CHECK(body.at("object").as_string() == "chat.completion");
    CHECK(body.at("model").as_string() == "m");
    const auto& choice = body.at("choices").at(0);
    CHECK(choice.at("message").at("role").as_string() == "assistant");
    CHECK(choice.at("message").at("content").as_string() == "answer to: why?");
    CHECK(choice.at("finish_reason").as_string() == "stop");
    CHECK(body.at("usage").at("prompt_tokens").as_int64() ==
          3);  // "be brief" and "why?", four characters each
    CHECK(body.at("usage").at("completion_tokens").as_int64() == 4);
    CHECK(body.at("usage").at("total_tokens").as_int64() == 7);
}

TEST_CASE("a text completion below any base path, of one prompt and of several") {
    running_server server(bucket_of(9));
    auto client = server.connect();
    auto body = json_of(client.ask(post("/some/base/completions", R"({"model": "m", "prompt": "one"})")));
    CHECK(body.at("object").as_string() == "text_completion");
    CHECK(body.at("choices").at(0).at("text").as_string() == "answer to: one");
    body = json_of(client.ask(post("/completions", R"({"prompt": ["one", "two"]})")));
    CHECK(body.at("choices").at(1).at("text").as_string() == "answer to: two");
    CHECK(body.at("choices").at(1).at("index").as_int64() == 1);
}

TEST_CASE("below /v1 there is nothing but the endpoints") {
    running_server server(bucket_of(9));
    auto client = server.connect();
    const std::string body = R"({"prompt": "one", "messages": [{"role": "user", "content": "one"}]})";
    for (const auto* found : {"/v1/chat/completions", "/team/v1/chat/completions", "/v1/completions"})
        CHECK(client.ask(post(found, body)).status == 200);
    for (const auto* missing : {"/v1/nothere/chat/completions", "/v1/v1/completions",
                                "/v1/chat/chat/completions", "/v1/v1/llm/completions-sync"}) {
        CAPTURE(missing);
        CHECK(client.ask(post(missing, body)).status == 404);
    }
}

TEST_CASE("an LLM Engine completion") {
    running_server server(bucket_of(9));
    auto client = server.connect();
    const auto answer = client.ask(
        post("/api" + engine_path, R"({"prompt": "hi", "max_new_tokens": 2, "temperature": 0.2})"));
    CHECK(answer.status == 200);
    const auto body = json_of(answer);
    CHECK(body.at("output").at("text").as_string() == "answer to: hi");
    CHECK(body.at("output").at("num_prompt_tokens").as_int64() == 1);
    CHECK(body.at("output").at("num_completion_tokens").as_int64() == 2);
    CHECK(body.at("output").at("tokens").is_null());
    CHECK(body.at("request_id").is_string());
}

TEST_CASE("a chat is streamed in pieces that make up the whole answer") {
    running_server server(bucket_of(9));
    auto client = server.connect();
    const auto answer = client.ask(
        streamed_chat("na\xC3\xAFve \xF0\x9F\x98\x80", R"(, "stream_options": {"include_usage": true})"));
    CHECK(answer.status == 200);
    CHECK(answer.field("Content-Type") == "text/event-stream; charset=utf-8");
    auto documents = documents_of(answer.body);
    REQUIRE(documents.size() >= 5);
    CHECK(documents.back() == "[DONE]");
    documents.pop_back();
    std::string text;
    for (const auto& document : documents) {
        const auto event = boost::json::parse(document);
        CHECK(event.at("object").as_string() == "chat.completion.chunk");
        CHECK(event.at("id").as_string() == "chatcmpl-req-1");
        if (event.at("choices").as_array().empty()) continue;
        const auto& delta = event.at("choices").at(0).at("delta").as_object();
        if (delta.contains("content")) text += delta.at("content").as_string();
    }
    CHECK(text == "answer to: na\xC3\xAFve \xF0\x9F\x98\x80");
    const auto last = boost::json::parse(documents.back());
    CHECK(last.at("usage").at("completion_tokens").as_int64() == 6);
    CHECK(boost::json::parse(documents[documents.size() - 2]).at("choices").at(0).at("finish_reason") ==
          "stop");
    // The same is answered to the same, and the connection is kept.
    const auto again = documents_of(client.ask(streamed_chat("na\xC3\xAFve \xF0\x9F\x98\x80")).body);
    CHECK(again.size() == documents.size());
    CHECK(again[2].substr(again[2].find("choices")) == documents[2].substr(documents[2].find("choices")));
    CHECK(server->stats().all.accepted == 2);
    CHECK(server->stats().connections_total == 1);
}

TEST_CASE("text completions and LLM Engine's are streamed in their own shapes") {
    running_server server(bucket_of(9));
    auto client = server.connect();
    const auto text =
        documents_of(client.ask(post("/completions", R"({"prompt": ["one", "two"], "stream": true})")).body);
    std::vector<std::string> texts(2);
    for (std::size_t i = 0; i + 1 < text.size(); ++i) {
        const auto choice = boost::json::parse(text[i]).at("choices").at(0);
        texts.at(static_cast<std::size_t>(choice.at("index").as_int64())) += choice.at("text").as_string();
    }
    CHECK(texts == std::vector<std::string>{"answer to: one", "answer to: two"});

    const auto engine = documents_of(
        client.ask(post("/v1/llm/completions-stream?model_endpoint_name=m", R"({"prompt": "hi"})")).body,
        "\r\n");
    std::string whole;
    for (const auto& document : engine) {
        const auto event = boost::json::parse(document);
        whole += event.at("output").at("text").as_string();
        CHECK(event.at("error").is_null());
        CHECK(event.at("output").at("finished").as_bool() == (&document == &engine.back()));
    }
    CHECK(whole == "answer to: hi");
    CHECK(boost::json::parse(engine.back()).at("output").at("num_completion_tokens").as_int64() == 4);
}

TEST_CASE("a long answer is streamed in a bounded number of pieces") {
    running_server server(bucket_of(9));
    auto client = server.connect();
    const auto documents = documents_of(client.ask(streamed_chat(std::string(100'000, 'x'))).body);
    CHECK(documents.size() > 60);
    CHECK(documents.size() < 70);
}

TEST_CASE("a stream's head comes at once, its pieces come over the service time") {
    running_server server(R"({"limits": [], "latency": {"mean_s": 0.2}, "rtt_s": 0.02, "rtt_sigma": 0})");
    auto client = server.connect();
    const auto before = std::chrono::steady_clock::now();
    client.say(streamed_chat("abcdefgh"));
    CHECK(client.hear_head().status == 200);
    CHECK(std::chrono::steady_clock::now() - before >= 20ms);
    CHECK(client.hear_chunk().find("assistant") != std::string::npos);
    std::size_t pieces = 0;
    while (!client.hear_chunk().empty()) {
        ++pieces;
        CHECK(std::chrono::steady_clock::now() - before >= 20ms + 40ms * pieces - 1ms);
    }
    CHECK(pieces == 5);
}

TEST_CASE("a streamed request that is refused is refused whole") {
    running_server server(bucket_of(1));
    auto client = server.connect();
    CHECK(client.ask(streamed_chat("x")).status == 200);
    const auto answer = client.ask(streamed_chat("x"));
    CHECK(answer.status == 429);
    CHECK(answer.field("Content-Type") == "application/json");
    CHECK(server->stats().all.rejected == 1);
    const auto wrong = client.ask(post(chat_path, R"({"stream": 1, "messages": [{"content": "x"}]})"));
    CHECK(wrong.status == 400);
    CHECK(json_of(wrong).at("error").at("param").as_string() == "stream");
    const auto lone =
        client.ask(post(chat_path, R"({"stream_options": {}, "messages": [{"content": "x"}]})"));
    CHECK(json_of(lone).at("error").at("param").as_string() == "stream_options");
}

TEST_CASE("to HTTP/1.0 a stream ends with the connection") {
    running_server server(bucket_of(1));
    auto client = server.connect();
    const std::string body = R"({"stream": true, "prompt": "x"})";
    client.say("POST /completions HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: " +
               std::to_string(body.size()) + "\r\n\r\n" + body);
    const auto head = client.hear_head();
    CHECK(head.field("Transfer-Encoding").empty());
    CHECK(head.field("Connection") == "close");
    CHECK(documents_of(client.hear_rest()).back() == "[DONE]");
}

TEST_CASE(
    "a client that leaves its stream frees its place; one that stays frees it at the end of the service") {
    running_server server(R"({"limits": [{"kind": "concurrency", "max": 1}], )" + endless + "}");
    {
        auto first = server.connect();
        first.say(streamed_chat("1"));
        CHECK(first.hear_head().status == 200);
        auto other = server.connect();
        CHECK(other.ask(streamed_chat("2")).status == 429);
    }
    REQUIRE(server.reaches([](const auto& stats) { return stats.all.abandoned == 1; }));
    auto second = server.connect();
    second.say(streamed_chat("3"));
    CHECK(second.hear_head().status == 200);
    CHECK(server->stats().all.accepted == 2);

    running_server quick(
        R"({"limits": [{"kind": "concurrency", "max": 1}], "latency": {"mean_s": 0.01}, "rtt_s": 0})");
    auto client = quick.connect();
    for (int i = 0; i < 3; ++i) CHECK(documents_of(client.ask(streamed_chat("1")).body).back() == "[DONE]");
    CHECK(quick->stats().all.accepted == 3);
    CHECK(quick->stats().all.abandoned == 0);
}

TEST_CASE("past the limit each dialect is refused in its own shape") {
    running_server server(bucket_of(2));
    auto client = server.connect();
    CHECK(client.ask(chat("1")).status == 200);
    CHECK(client.ask(chat("2")).status == 200);
    auto answer = client.ask(chat("3"));
    CHECK(answer.status == 429);
    CHECK(answer.field("retry-after").empty());
    auto body = json_of(answer);
    CHECK(body.at("error").at("code").as_string() == "rate_limit_exceeded");
    CHECK(body.at("error").at("message").is_string());
    answer = client.ask(post(engine_path, R"({"prompt": "4"})"));
    CHECK(answer.status == 429);
    body = json_of(answer);
    CHECK(body.at("error").as_string() == "Too many requests");
    CHECK(body.at("timestamp").is_string());
    const auto stats = server->stats();
    CHECK(stats.all.accepted == 2);
    CHECK(stats.all.rejected == 2);
    CHECK(stats.all.peak_1s >= 1);
}

TEST_CASE("tokens are a quarter of the prompt's length, and what may be generated") {
    // 40 characters and 10 tokens: 20. A second such request fits, a third does not, a shorter one does.
    running_server server(
        R"({"limits": [{"kind": "fixed_window", "unit": "tokens", "quota": 45, "window_s": 1e6}], )" +
        instant + "}");
    auto client = server.connect();
    const std::string forty = R"({"max_tokens": 10, "prompt": ")" + std::string(40, 'x') + "\"}";
    CHECK(client.ask(post("/completions", forty)).status == 200);
    CHECK(client.ask(post("/completions", forty)).status == 200);
    CHECK(client.ask(post("/completions", forty)).status == 429);
    CHECK(client.ask(post("/completions", R"({"prompt": "x"})")).status == 429);  // 1 and 16 by default
    CHECK(client.ask(post("/completions", R"({"max_tokens": 4, "prompt": "x"})")).status == 200);
}

TEST_CASE("Retry-After as the scenario says") {
    const auto refusal = [](const std::string& kind) {
        running_server server(R"({"limits": [{"kind": "fixed_window", "quota": 1, "window_s": 1e6}],
            "hints": {"wrong_s": 7.5, "retry_after": ")" +
                              kind + "\"}, " + instant + "}");
        auto client = server.connect();
        CHECK(client.ask(chat("1")).field("retry-after").empty());
        return client.ask(chat("2"));
    };
    CHECK(refusal("none").field("retry-after").empty());
    const std::string exact = refusal("exact").field("retry-after");
    CHECK(std::stod(exact) > 900'000);
    CHECK(std::stod(exact) <= 1'000'000);
    CHECK(exact.find('.') != std::string::npos);
    const std::string integer = refusal("integer").field("retry-after");
    CHECK(std::stod(integer) > 900'000);
    CHECK(integer.find_first_not_of("0123456789") == std::string::npos);
    const auto in_ms = refusal("ms");
    CHECK(in_ms.field("retry-after").empty());
    CHECK(std::stod(in_ms.field("retry-after-ms")) > 900'000'000);
    CHECK(refusal("wrong").field("retry-after") == "7.5");
}

TEST_CASE("rate-limit headers in every style, as the wire layer reads them") {
    for (const std::string style : {"openai", "ietf", "anthropic"}) {
        CAPTURE(style);
        running_server server(
            R"({"limits": [{"kind": "fixed_window", "quota": 5, "window_s": 1000},
                           {"kind": "fixed_window", "unit": "tokens", "quota": 900, "window_s": 1000}],
                "hints": {"headers": ")" +
            style + "\"}, " + instant + "}");
        auto client = server.connect();
        const auto answer = client.ask(post("/completions", R"({"max_tokens": 99, "prompt": "four"})"));
        CHECK(answer.status == 200);
        const double now = static_cast<double>(std::chrono::duration_cast<std::chrono::seconds>(
                                                   std::chrono::system_clock::now().time_since_epoch())
                                                   .count());
        const hints read = wire::read_hints(fields_of(answer), now);
        CHECK(read.requests.limit == 5);
        CHECK(read.requests.remaining == 4);
        CHECK(read.tokens.limit == 900);
        CHECK(read.tokens.remaining == 800);
        REQUIRE(read.requests.reset);
        CHECK(*read.requests.reset > 900s);
        CHECK(*read.requests.reset <= 1002s);
    }
    running_server silent(bucket_of(1));
    auto client = silent.connect();
    for (const auto& [name, value] : client.ask(chat("1")).fields) {
        CHECK(name.find("atelimit") == std::string::npos);
        CHECK(name.find("RateLimit") == std::string::npos);
    }
}

TEST_CASE("the older RateLimit fields hold the tighter unit") {
    running_server server(
        R"({"limits": [{"kind": "fixed_window", "quota": 5, "window_s": 1000},
                       {"kind": "fixed_window", "unit": "tokens", "quota": 100, "window_s": 1000}],
            "hints": {"headers": "ietf"}, )" +
        instant + "}");
    auto client = server.connect();
    const auto answer = client.ask(post("/completions", R"({"max_tokens": 89, "prompt": "four"})"));
    CHECK(answer.field("RateLimit-Limit") == "100");
    CHECK(answer.field("RateLimit-Remaining") == "10");
    CHECK(answer.field("RateLimit-Policy") == "\"requests\";q=5, \"tokens\";q=100");
}

TEST_CASE("outages and random errors are told in each dialect's shape") {
    running_server server(R"({"limits": [], "faults": {"outages": [{"from_s": 0, "to_s": 1e6}]}, )" +
                          instant + "}");
    auto client = server.connect();
    auto answer = client.ask(chat("1"));
    CHECK(answer.status == 503);
    CHECK(json_of(answer).at("error").at("type").as_string() == "server_error");
    running_server faulty(R"({"limits": [], "faults": {"error_rate": 1, "error_status": 502}, )" + instant +
                          "}");
    auto other = faulty.connect();
    answer = other.ask(post(engine_path, R"({"prompt": "1"})"));
    CHECK(answer.status == 502);
    CHECK(json_of(answer).at("detail").is_string());
    CHECK(faulty->stats().all.errors == 1);
    CHECK(faulty->stats().all.accepted == 0);
}

TEST_CASE("a lockout and the counts are each key's own, and no key is ever shown") {
    running_server server(
        R"({"limits": [{"kind": "concurrency", "max": 1}], "lockout": {"silence_s": 1e6}, )" + endless + "}");
    const std::string noisy = "Authorization: Bearer sk-secret-noisy\r\n";
    const std::string quiet = "Authorization: Bearer sk-secret-quiet\r\n";
    auto client = server.connect();
    auto first = server.connect();
    first.say(chat("1", noisy));
    REQUIRE(server.reaches([](const auto& stats) { return stats.all.accepted == 1; }));
    CHECK(client.ask(chat("2", noisy)).status == 429);  // the place is taken
    first.reset();
    REQUIRE(server.reaches([](const auto& stats) { return stats.all.abandoned == 1; }));
    CHECK(client.ask(chat("3", noisy)).status == 429);  // the place is free, the caller locked out
    auto second = server.connect();
    second.say(chat("4", quiet));
    REQUIRE(server.reaches([](const auto& stats) { return stats.all.accepted == 2; }));
    const auto stats = client.ask(get("/stats"));
    CHECK(stats.body.find("secret") == std::string::npos);
    const auto keys = json_of(stats).at("keys");
    CHECK(keys.at("key-1").at("accepted").to_number<int>() == 1);
    CHECK(keys.at("key-1").at("rejected").to_number<int>() == 2);
    CHECK(keys.at("key-1").at("abandoned").to_number<int>() == 1);
    CHECK(keys.at("key-2").at("accepted").to_number<int>() == 1);
    CHECK(keys.at("key-2").at("rejected").to_number<int>() == 0);
}

TEST_CASE("refusals by chance have their status, no Retry-After, and a count of their own") {
    running_server server(
        R"({"limits": [], "hints": {"retry_after": "wrong"}, "refusals": {"by_chance": [{"share": 1, "status": 529}]}, )" +
        instant + "}");
    auto client = server.connect();
    const auto answer = client.ask(chat("x"));
    CHECK(answer.status == 529);
    CHECK(answer.field("retry-after").empty());
    const auto all = json_of(client.ask(get("/stats")));
    CHECK(all.at("rejected").to_number<int>() == 1);
    CHECK(all.at("refused_by_chance").to_number<int>() == 1);
}

TEST_CASE("a closed provider refuses everything and says until when") {
    running_server server(R"({"limits": [{"kind": "concurrency", "max": 1}], "hints": {"retry_after": "ms"},
        "refusals": {"closures": [{"to_s": 1e6, "status": 429, "retry_after": "integer"}]}, )" +
                          endless + "}");
    auto client = server.connect();
    const auto answer = client.ask(chat("x"));
    CHECK(answer.status == 429);
    CHECK(answer.field("retry-after-ms").empty());
    const std::string wait = answer.field("retry-after");
    CHECK(wait.find('.') == std::string::npos);
    CHECK(std::stod(wait) > 990'000);
    CHECK(server->stats().all.rejected == 1);
    CHECK(server->stats().all.refused_by_chance == 0);
}

TEST_CASE("a refusal may be that the connection is closed without an answer") {
    running_server server(
        R"({"limits": [{"kind": "token_bucket", "rate_per_s": 0.001, "burst": 1}], "rejection_status": "close", )" +
        instant + "}");
    auto client = server.connect();
    CHECK(client.ask(chat("1")).status == 200);
    client.say(chat("2"));
    CHECK(client.ended());
    auto streaming = server.connect();
    streaming.say(streamed_chat("3"));
    CHECK(streaming.ended());
    CHECK(server->stats().all.rejected == 2);
    CHECK(server->stats().all.abandoned == 0);
    CHECK(server.connect().ask(get("/stats")).status == 200);
}

TEST_CASE("a refusal is told as late as asked, and holds no place meanwhile") {
    running_server server(
        R"({"limits": [{"kind": "concurrency", "max": 1}], "refusals": {"delay_s": 0.1}, )" + endless + "}");
    auto first = server.connect();
    first.say(chat("1"));
    REQUIRE(server.reaches([](const auto& stats) { return stats.all.accepted == 1; }));
    auto second = server.connect();
    for (const std::string& request : {chat("2"), streamed_chat("3")}) {
        const auto before = std::chrono::steady_clock::now();
        CHECK(second.ask(request).status == 429);
        CHECK(std::chrono::steady_clock::now() - before >= 100ms);
    }
    second.say(chat("4"));
    REQUIRE(server.reaches([](const auto& stats) { return stats.all.rejected == 3; }));
    first.reset();
    REQUIRE(server.reaches([](const auto& stats) { return stats.all.abandoned == 1; }));
    auto third = server.connect();
    third.say(chat("5"));
    CHECK(server.reaches([](const auto& stats) { return stats.all.accepted == 2; }));
}

TEST_CASE("a prompt that contains a refused text is always refused, the others are admitted") {
    running_server server(
        R"({"limits": [], "refusals": {"prompts": ["poison", "cursed"]}, "rejection_status": 503, )" +
        instant + "}");
    auto client = server.connect();
    CHECK(client.ask(chat("a poisoned one")).status == 503);
    CHECK(client.ask(streamed_chat("cursed")).status == 503);
    CHECK(client.ask(chat("a sound one")).status == 200);
    CHECK(client.ask(post("/completions", R"({"prompt": ["one", "poison"]})")).status == 503);
    CHECK(server->stats().all.rejected == 3);
}

TEST_CASE("one model is refused and another admitted, each within its own limits") {
    running_server server(
        R"({"limits": [], "models": {"old": {"refused": true},
            "small": {"limits": [{"kind": "token_bucket", "rate_per_s": 0.001, "burst": 1}]}}, )" +
        instant + "}");
    auto client = server.connect();
    const auto asked_for = [&](const std::string& model) {
        return client.ask(post("/completions", R"({"prompt": "x", "model": ")" + model + "\"}")).status;
    };
    CHECK(asked_for("old") == 429);
    CHECK(asked_for("small") == 200);
    CHECK(asked_for("small") == 429);
    CHECK(asked_for("large") == 200);
    CHECK(client.ask(post("/v1/llm/completions-sync?model_endpoint_name=old", R"({"prompt": "x"})")).status ==
          429);
}

TEST_CASE("tokens are reserved as the scenario says where none are asked for, and settled with the answer") {
    const std::string text = R"({"limits": [{"kind": "fixed_window", "unit": "tokens", "quota": 10000,
            "window_s": 1e6, "counted": ")";
    const std::string more = R"("}], "hints": {"headers": "openai"},
            "answers": {"default_max_tokens": 4096, "tokens": 16}, )" +
                             instant + "}";
    const auto left_after_two = [&](const std::string& counted, const std::string& member) {
        running_server server(text + counted + more);
        auto client = server.connect();
        const std::string body = R"({"prompt": "four", "model": "m")" + member + "}";
        auto answer = client.ask(post("/completions", body));
        CHECK(json_of(answer).at("usage").at("completion_tokens").as_int64() == (member.empty() ? 16 : 5));
        answer = client.ask(post("/completions", body));
        return std::stoi(answer.field("x-ratelimit-remaining-tokens"));
    };
    CHECK(left_after_two("reserved", "") == 10'000 - 2 * 4097);
    CHECK(left_after_two("settled", "") == 10'000 - 17 - 4097);
    CHECK(left_after_two("made", "") == 10'000 - 17 - 1);
    CHECK(left_after_two("reserved", ", \"max_tokens\": 5") == 10'000 - 2 * 6);
}

TEST_CASE("the statistics are served as JSON and begin anew on request") {
    running_server server(bucket_of(1));
    auto client = server.connect();
    client.ask(chat("1"));
    client.ask(chat("2"));
    client.ask(post("/completions", "no JSON"));
    auto body = json_of(client.ask(get("/stats")));
    CHECK(body.at("accepted").to_number<int>() == 1);
    CHECK(body.at("rejected").to_number<int>() == 1);
    CHECK(body.at("invalid").to_number<int>() == 1);
    CHECK(body.at("errors").to_number<int>() == 0);
    CHECK(body.at("queued").to_number<int>() == 0);
    CHECK(body.at("peak_10ms").to_number<int>() >= 1);
    CHECK(body.at("peak_1s").to_number<int>() >= 1);
    CHECK(body.at("connections").at("open").to_number<int>() == 1);
    CHECK(body.at("scenario").as_string() == "test");
    CHECK(body.at("started").is_string());
    CHECK(body.at("uptime_s").to_number<double>() >= 0);
    CHECK(client.ask(post("/stats/reset", "")).status == 200);
    body = json_of(client.ask(get("/stats")));
    CHECK(body.at("accepted").to_number<int>() == 0);
    CHECK(body.at("peak_1s").to_number<int>() == 0);
    CHECK(body.at("keys").as_object().empty());
    CHECK(client.ask(chat("3")).status == 429);  // only the counts were reset, not the provider
}

TEST_CASE("a key that is demanded must be presented, in either dialect's way") {
    server::options chosen;
    chosen.api_key = "sk-right";
    running_server server(bucket_of(9), chosen);
    auto client = server.connect();
    const auto refused = client.ask(chat("1", "Authorization: Bearer sk-wrong\r\n"));
    CHECK(refused.status == 401);
    CHECK(json_of(refused).at("error").at("code").as_string() == "invalid_api_key");
    CHECK(client.ask(chat("1")).status == 401);
    CHECK(json_of(client.ask(post(engine_path, R"({"prompt": "x"})"))).at("detail").is_string());
    CHECK(client.ask(chat("1", "Authorization: Bearer sk-right\r\n")).status == 200);
    const std::string engine_lines = "Authorization: Basic c2stcmlnaHQ6\r\nx-api-key: sk-right\r\n";
    CHECK(client.ask(post(engine_path, R"({"prompt": "x"})", engine_lines)).status == 200);
    CHECK(client.ask(post(engine_path, R"({"prompt": "x"})", "x-api-key: sk-right\r\n")).status == 200);
    CHECK(server->stats().unauthorized == 3);
    CHECK(server->stats().all.rejected == 0);
}

TEST_CASE("what is no request is refused and takes nothing from the limits") {
    running_server server(bucket_of(1));
    auto client = server.connect();
    for (const std::string body : {"", "{", "[]", "{}", R"({"messages": []})", R"({"messages": [3]})",
                                   R"({"messages": [{"content": "x"}], "max_tokens": 0})",
                                   R"({"messages": [{"content": "x"}], "max_tokens": "many"})",
                                   R"({"messages": [{"content": "x"}], "stream": "yes"})"}) {
        CAPTURE(body);
        const auto answer = client.ask(post(chat_path, body));
        CHECK(answer.status == 400);
        CHECK(json_of(answer).at("error").at("message").is_string());
    }
    CHECK(json_of(client.ask(post(engine_path, "{}"))).at("detail").is_string());
    CHECK(client.ask(post("/v1/elsewhere", "{}")).status == 404);
    const auto wrong_method = client.ask(get(chat_path));
    CHECK(wrong_method.status == 405);
    CHECK(wrong_method.field("Allow") == "POST");
    CHECK(client.ask(chat("1")).status == 200);
    CHECK(server->stats().all.accepted == 1);
    CHECK(server->stats().all.rejected == 0);
}

TEST_CASE("pipelined requests are answered in order") {
    running_server server(bucket_of(100));
    auto client = server.connect();
    std::string all;
    for (int i = 0; i < 50; ++i) all += chat("prompt " + std::to_string(i));
    client.say(all);
    for (int i = 0; i < 50; ++i) {
        const auto body = json_of(client.hear());
        const auto& text = body.at("choices").at(0).at("message").at("content").as_string();
        CHECK(text == "answer to: prompt " + std::to_string(i));
    }
}

TEST_CASE("a request may come byte by byte, in chunks, or after an invitation") {
    running_server server(bucket_of(9));
    auto client = server.connect();
    for (const char byte : chat("slow")) client.say(std::string(1, byte));
    CHECK(client.hear().status == 200);
    const std::string head = "POST /completions HTTP/1.1\r\nHost: test\r\n";
    const auto chunked = client.ask(
        head + "Transfer-Encoding: chunked\r\n\r\n7\r\n{\"promp\r\n9\r\nt\": \"ab\"}\r\n0\r\n\r\n");
    CHECK(json_of(chunked).at("choices").at(0).at("text").as_string() == "answer to: ab");
    client.say(head + "Expect: 100-continue\r\nContent-Length: 16\r\n\r\n");
    CHECK(client.hear().status == 100);
    CHECK(client.ask(R"({"prompt":"abc"})").status == 200);
}

TEST_CASE("a connection is kept or closed as the request asks") {
    running_server server(bucket_of(9));
    auto closing = server.connect();
    CHECK(closing.ask(chat("1", "Connection: close\r\n")).field("Connection") == "close");
    CHECK(closing.ended());
    auto old = server.connect();
    CHECK(old.ask("GET /stats HTTP/1.0\r\n\r\n").field("Connection").empty());  // goes without saying
    CHECK(old.ended());
    auto kept = server.connect();
    const std::string keep = "GET /stats HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
    CHECK(kept.ask(keep).field("Connection") == "keep-alive");
    CHECK(kept.ask(keep).status == 200);
}

TEST_CASE("a header, a body or a line that breaks its bound ends the connection after the answer") {
    running_server server(bucket_of(9));
    const std::string target = "POST /completions HTTP/1.1\r\nHost: test\r\n";
    struct row {
        std::string bytes;
        unsigned status;
    };
    const std::vector<row> rows = {
        {target + "X: " + std::string(20'000, 'x') + "\r\n\r\n", 431},
        {std::string(20'000, 'x'), 400},
        {"not HTTP at all\r\n\r\n", 400},
        {target + "Content-Length: 16777217\r\n\r\n", 413},
        {target + "Content-Length: -1\r\n\r\n", 400},
        {target + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
    };
    for (const row& each : rows) {
        CAPTURE(each.bytes.substr(0, 80));
        auto client = server.connect();
        const auto answer = client.ask(each.bytes);
        if (each.status == 400) {
            CHECK(answer.status >= 400);
            CHECK(answer.status < 500);
        } else {
            CHECK(answer.status == each.status);
        }
        CHECK(answer.field("Connection") == "close");
        CHECK(client.ended());
    }
    CHECK(server->stats().invalid == rows.size());
}

TEST_CASE("a client that is still sending gets the refusal of its body, not a reset") {
    running_server server(bucket_of(9));
    auto client = server.connect();
    std::thread saying([&] { client.say(post("/completions", std::string(20 << 20, 'x'))); });
    const auto answer = client.hear();
    saying.join();
    CHECK(answer.status == 413);
}

TEST_CASE("a body of megabytes is taken") {
    running_server server(bucket_of(9));
    auto client = server.connect();
    const std::string prompt(3 << 20, 'x');
    const auto body = json_of(client.ask(post("/completions", "{\"prompt\": \"" + prompt + "\"}")));
    CHECK(body.at("choices").at(0).at("text").as_string().size() == prompt.size() + 11);
}

TEST_CASE("an idle connection and a request that does not come to its end are closed") {
    server::options chosen;
    chosen.idle_timeout = 50ms;
    running_server server(bucket_of(9, endless), chosen);
    auto idle = server.connect();
    auto slow = server.connect();
    slow.say("POST /completions HTTP/1.1\r\nContent-Le");
    auto served = server.connect();
    served.say(chat("takes an hour"));
    CHECK(idle.ended());
    CHECK(slow.ended());
    CHECK(server.reaches([](const auto& stats) { return stats.all.accepted == 1; }));
    CHECK(server->stats().all.abandoned == 0);  // being served is not being idle
}

TEST_CASE("a client that is gone while its request is served frees its place") {
    for (const bool by_reset : {false, true}) {
        CAPTURE(by_reset);
        running_server server(R"({"limits": [{"kind": "concurrency", "max": 1}], )" + endless + "}");
        {
            auto first = server.connect();
            first.say(chat("1"));
            REQUIRE(server.reaches([](const auto& stats) { return stats.all.accepted == 1; }));
            auto other = server.connect();
            CHECK(other.ask(chat("2")).status == 429);
            if (by_reset) first.reset();
        }
        REQUIRE(server.reaches([](const auto& stats) { return stats.all.abandoned == 1; }));
        auto second = server.connect();
        second.say(chat("3"));
        CHECK(server.reaches([](const auto& stats) { return stats.all.accepted == 2; }));
    }
}

TEST_CASE("a queued request is served when a place becomes free") {
    running_server server(
        R"({"limits": [{"kind": "concurrency", "max": 1, "queue": 1, "queue_timeout_s": 3600}], )" + endless +
        "}");
    {
        auto first = server.connect();
        first.say(chat("1"));
        REQUIRE(server.reaches([](const auto& stats) { return stats.all.accepted == 1; }));
        auto second = server.connect();
        second.say(chat("2"));
        REQUIRE(server.reaches([](const auto& stats) { return stats.all.queued == 1; }));
        auto third = server.connect();
        CHECK(third.ask(chat("3")).status == 429);
        CHECK(server->stats().all.accepted == 1);
        first.reset();
        CHECK(server.reaches([](const auto& stats) { return stats.all.accepted == 2; }));
        auto fourth = server.connect();
        fourth.say(chat("4"));
        REQUIRE(server.reaches([](const auto& stats) { return stats.all.queued == 2; }));
        fourth.reset();  // gives its place in line up
        REQUIRE(server.reaches([](const auto& stats) { return stats.all.abandoned == 2; }));
    }
    CHECK(server.reaches([](const auto& stats) { return stats.all.abandoned == 3; }));
    CHECK(server->stats().all.accepted == 2);
}

TEST_CASE("a queued request is refused at its timeout") {
    running_server server(
        R"({"limits": [{"kind": "concurrency", "max": 1, "queue": 9, "queue_timeout_s": 0.05}],
            "rejection_status": 503, )" +
        endless + "}");
    auto first = server.connect();
    first.say(chat("1"));
    REQUIRE(server.reaches([](const auto& stats) { return stats.all.accepted == 1; }));
    const auto before = std::chrono::steady_clock::now();
    auto second = server.connect();
    CHECK(second.ask(chat("2")).status == 503);
    CHECK(std::chrono::steady_clock::now() - before >= 50ms);
    CHECK(server->stats().all.queued == 1);
    CHECK(server->stats().all.rejected == 1);
}

TEST_CASE("an answer comes after its service and a round trip, a refusal after a round trip") {
    running_server server(R"({"limits": [{"kind": "token_bucket", "rate_per_s": 0.001, "burst": 1}],
        "latency": {"mean_s": 0.1}, "rtt_s": 0.05, "rtt_sigma": 0})");
    auto client = server.connect();
    auto before = std::chrono::steady_clock::now();
    CHECK(client.ask(chat("1")).status == 200);
    CHECK(std::chrono::steady_clock::now() - before >= 150ms);
    before = std::chrono::steady_clock::now();
    CHECK(client.ask(chat("2")).status == 429);
    CHECK(std::chrono::steady_clock::now() - before >= 50ms);
}

TEST_CASE("hundreds of kept connections are served") {
    running_server server(bucket_of(10'000));
    std::vector<loopback_client> clients;
    for (int i = 0; i < 300; ++i) clients.push_back(server.connect());
    for (int round = 0; round < 3; ++round) {
        for (auto& client : clients) client.say(chat("x"));
        for (auto& client : clients) CHECK(client.hear().status == 200);
    }
    CHECK(server->stats().all.accepted == 900);
    CHECK(server->stats().connections_open == 300);
    clients.clear();
    CHECK(server.reaches([](const auto& stats) { return stats.connections_open == 1; }));
}

TEST_CASE("closing ends every connection, whatever it is doing, and the executor's work") {
    running_server server(
        R"({"limits": [{"kind": "concurrency", "max": 1, "queue": 1, "queue_timeout_s": 3600}], )" + endless +
        "}");
    auto idle = server.connect();
    auto served = server.connect();
    served.say(chat("1"));
    REQUIRE(server.reaches([](const auto& stats) { return stats.all.accepted == 1; }));
    auto queued = server.connect();
    queued.say(chat("2"));
    REQUIRE(server.reaches([](const auto& stats) { return stats.all.queued == 1; }));
    auto streaming = server.connect();
    streaming.say(streamed_chat("3"));
    auto half = server.connect();
    half.say("POST ");
    CHECK(half.ask("/nowhere HTTP/1.1\r\nContent-Length: 0\r\n\r\n").status == 404);
    server.finish();
    CHECK(idle.ended());
    CHECK(served.ended());
    CHECK(queued.ended());
    CHECK(half.ended());
    CHECK_THROWS(server.connect());
}

TEST_CASE("a context that is destroyed while requests are under way takes them with it") {
    boost::asio::io_context context(1);
    auto server = std::make_unique<server::server>(
        context.get_executor(),
        wire::parse_scenario(
            R"({"provider": {"limits": [{"kind": "concurrency", "max": 1, "queue": 5}], )" + endless + "}}",
            wire::clients_member::optional));
    std::vector<loopback_client> clients;
    for (int i = 0; i < 3; ++i) {
        clients.emplace_back(server->port());
        clients.back().say(chat("x"));
    }
    while (server->stats().all.queued < 2) context.run_one();
    CHECK(server->stats().all.accepted == 1);
    server.reset();
}

TEST_CASE("the address is the one that was asked for; one that is taken is an error") {
    running_server server(bucket_of(1));
    CHECK(server->address() == "127.0.0.1:" + std::to_string(server->port()));
    boost::asio::io_context context(1);
    const auto scenario =
        wire::parse_scenario(R"({"provider": {"limits": []}})", wire::clients_member::optional);
    CHECK_THROWS_AS(server::server(context.get_executor(), scenario, server->port()),
                    boost::system::system_error);
}
