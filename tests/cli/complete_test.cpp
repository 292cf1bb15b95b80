#include <doctest/doctest.h>
#include <signal.h>

#include "cli/child.hpp"
#include "cli/servers.hpp"
#include "support/test_certificates.hpp"

using stagger::test::answer;
using stagger::test::chat_answer;
using stagger::test::chat_documents;
using stagger::test::event_stream;
using stagger::test::turn;

namespace {

using words = std::vector<std::string>;

child_setup complete(const scripted_server& server, const words& options, const std::string& input = {}) {
    child_setup setup{STAGGER_COMMAND, {"complete", "--base-url", server.base_url()}};
    setup.arguments.insert(setup.arguments.end(), options.begin(), options.end());
    setup.input = input;
    return setup;
}

/// What a stream that says "Because" begins with.
auto first_document() {
    auto documents = chat_documents({"Because"});
    documents.resize(1);
    return documents;
}

/// The same without the end of its body.
std::string begun_stream() {
    std::string begun = event_stream(first_document());
    begun.resize(begun.size() - 5);
    return begun;
}

}  // namespace

TEST_CASE("complete prints the text alone") {
    scripted_server server({{{chat_answer("Because of scattering.")}}});
    const auto got = run(complete(server, {"Why is the sky blue?"}));
    CHECK(got.code == 0);
    CHECK(got.out == "Because of scattering.\n");
    CHECK(got.err.empty());
}

TEST_CASE("complete reads the prompt from standard input where none is given, or -") {
    for (const auto& options : {words{}, words{"-"}}) {
        scripted_server server({{{chat_answer("hi")}}});
        const auto got = run(complete(server, options, "two\nlines\n"));
        CHECK(got.code == 0);
        const auto requests = server.requests();
        REQUIRE(requests.size() == 1);
        CHECK(requests[0].find(R"("two\nlines")") != std::string::npos);
    }
}

TEST_CASE("what the command line says is in the request") {
    scripted_server server({{{chat_answer("hi")}}});
    const auto got = run(complete(server, {"hello", "--system", "Be brief.", "--model", "m-1", "--max-tokens",
                                           "9", "--temperature", "0.5", "--param", "top_p=0.25", "--param",
                                           R"(stop=["a","b"])", "--header", "X-Team: blue"}));
    CHECK(got.code == 0);
    const auto requests = server.requests();
    REQUIRE(requests.size() == 1);
    for (const auto* part :
         {"POST /v1/chat/completions HTTP/1.1\r\n", "X-Team: blue\r\n", "Be brief.", R"("model":"m-1")",
          R"("top_p":0.25)", R"("stop":["a","b"])", R"("temperature":0.5)", R"("max_tokens":9)"}) {
        CAPTURE(part);
        CHECK(requests[0].find(part) != std::string::npos);
    }
}

TEST_CASE("a streamed answer is printed as it arrives, and is the same text") {
    scripted_server server({{{event_stream(chat_documents({"Because ", "of", " scattering."}))}}});
    const auto got = run(complete(server, {"why?", "--stream"}));
    CHECK(got.code == 0);
    CHECK(got.out == "Because of scattering.\n");
    CHECK(got.err.empty());
    const auto requests = server.requests();
    REQUIRE(requests.size() == 1);
    CHECK(requests[0].find(R"("stream":true)") != std::string::npos);

    const throttled_server quick(R"([{"kind": "concurrency", "max": 9}])", R"({"mean_s": 0.05})");
    const auto real = run({STAGGER_COMMAND, {"complete", "hi", "--stream", "--base-url", quick.base_url()}});
    CHECK(real.code == 0);
    CHECK(real.out == "answer to: hi\n");
}

TEST_CASE("a piece is printed before the next one comes, and an interrupt ends the line") {
    scripted_server server({{{begun_stream(), turn::fall_silent}}});
    child waiting({STAGGER_COMMAND, {"complete", "why?", "--stream", "--base-url", server.base_url()}});
    waiting.await_output("Because");
    waiting.signal(SIGINT);
    const auto got = waiting.wait();
    CHECK(got.code == 130);
    CHECK(got.out == "Because\n");
}

TEST_CASE("a stream that does not come to its end is said not to be whole, and is not asked for again") {
    const auto begun = begun_stream();
    SUBCASE("cut") {
        scripted_server server({{{begun, turn::close}}});
        const auto got = run(complete(server, {"why?", "--stream"}));
        CHECK(got.code == 1);
        CHECK(got.out == "Because\n");
        CHECK(got.err.find("ended inside the answer") != std::string::npos);
        CHECK(got.err.find("the answer above is not whole") != std::string::npos);
        CHECK(server.requests().size() == 1);
    }
    SUBCASE("silent") {
        scripted_server server({{{begun, turn::fall_silent}}});
        const auto got = run(complete(server, {"why?", "--stream", "--timeout", "100ms"}));
        CHECK(got.code == 1);
        CHECK(got.err.find("the answer above is not whole") != std::string::npos);
    }
    SUBCASE("past the deadline") {
        scripted_server server({{{begun, turn::fall_silent}}});
        const auto got = run(complete(server, {"why?", "--stream", "--deadline", "300ms"}));
        CHECK(got.code == 1);
        CHECK(got.err ==
              "stagger: request could not be answered before its deadline; the answer above is not whole\n");
    }
    SUBCASE("error") {
        auto documents = first_document();
        documents.emplace_back(R"({"error":{"message":"out of memory"}})");
        scripted_server server({{{event_stream(documents)}}});
        const auto got = run(complete(server, {"why?", "--stream"}));
        CHECK(got.code == 1);
        CHECK(got.err.find("out of memory") != std::string::npos);
    }
    SUBCASE("before it began") {
        const auto refusal = answer(429, R"({"error":{"message":"slow down"}})", "retry-after-ms: 1\r\n");
        scripted_server server({{{refusal}, {event_stream(chat_documents({"at last"}))}}});
        const auto got = run(complete(server, {"hello", "--stream"}));
        CHECK(got.code == 0);
        CHECK(got.out == "at last\n");
    }
}

TEST_CASE("an empty prompt is wrong usage") {
    scripted_server server({{{chat_answer("hi")}}});
    CHECK(run(complete(server, {}, "")).code == 2);
    CHECK(run(complete(server, {" "})).code == 2);
    CHECK(server.requests().empty());
}

TEST_CASE("a prompt that the server refuses ends with 1 and the server's words") {
    scripted_server server({{{answer(400, R"({"error":{"message":"too many tokens","type":"x"}})")}}});
    const auto got = run(complete(server, {"hello"}));
    CHECK(got.code == 1);
    CHECK(got.out.empty());
    CHECK(got.err.find("too many tokens") != std::string::npos);
}

TEST_CASE("a refused attempt is tried again until it is answered, or as often as allowed") {
    const auto refusal = answer(429, R"({"error":{"message":"slow down"}})", "retry-after-ms: 1\r\n");
    SUBCASE("until it is answered") {
        scripted_server server({{{refusal}, {refusal}, {chat_answer("at last")}}});
        const auto got = run(complete(server, {"hello"}));
        CHECK(got.code == 0);
        CHECK(got.out == "at last\n");
    }
    SUBCASE("as often as allowed") {
        scripted_server server({{{refusal}, {refusal}, {chat_answer("at last")}}});
        const auto got = run(complete(server, {"hello", "--max-attempts", "2"}));
        CHECK(got.code == 1);
        CHECK(got.err.find("after 2 attempts") != std::string::npos);
        CHECK(got.err.find("slow down") != std::string::npos);
        CHECK(server.requests().size() == 2);
    }
    SUBCASE("by a policy of its own, with that policy's number of attempts") {
        scripted_server server({{{refusal}, {refusal}, {refusal}, {chat_answer("at last")}}});
        const auto got = run(complete(server, {"hello", "--policy", "openai-sdk"}));
        CHECK(got.code == 1);
        CHECK(server.requests().size() == 3);
    }
    SUBCASE("by a policy that takes no Retry-After of more than two minutes") {
        scripted_server server(
            {{{answer(429, R"({"error":{"message":"slow down"}})", "Retry-After: 121\r\n")},
              {chat_answer("at last")}}});
        const auto got = run(complete(server, {"hello", "--policy", "openai-sdk"}));
        CHECK(got.code == 1);
        CHECK(got.err.find("slow down") != std::string::npos);
        CHECK(server.requests().size() == 1);
    }
}

TEST_CASE("the deadline ends a prompt that is refused for ever") {
    const std::vector<turn> refusals(1000, turn{answer(429, R"({"error":{"message":"slow down"}})")});
    scripted_server server({refusals});
    const auto got = run(complete(server, {"hello", "--deadline", "300ms"}));
    CHECK(got.code == 1);
    CHECK(got.err.find("deadline") != std::string::npos);
}

TEST_CASE("the summary has the figures as JSON") {
    const temporary_folder folder;
    scripted_server server({{{chat_answer("hi")}}});
    const auto got =
        run(complete(server, {"hello", "--summary", folder.write("summary", std::string(1000, 'x'))}));
    CHECK(got.code == 0);
    const auto summary = folder.read("summary");
    CHECK(summary.starts_with(R"({"succeeded":1,"failed":0,"attempts":1,"rejected":0,"elapsed_s":)"));
    CHECK(summary.ends_with("}\n"));
}

TEST_CASE("standard output that takes nothing ends with 3") {
    for (const bool closed : {true, false}) {
        scripted_server server({{{chat_answer("hi")}}});
        auto setup = complete(server, {"hello"});
        setup.close_output = closed;
        setup.output_file = "/dev/full";
        const auto got = run(setup);
        CHECK(got.code == 3);
        CHECK(got.err.find("standard output: ") != std::string::npos);
    }
}

TEST_CASE("an interrupted completion ends with 130 at once") {
    for (const int number : {SIGINT, SIGTERM}) {
        silent_server server;
        child waiting({STAGGER_COMMAND, {"complete", "hello", "--base-url", server.base_url()}});
        server.await_request();
        waiting.signal(number);
        CHECK(waiting.wait().code == 130);
    }
}

TEST_CASE("a certificate is refused before the request is sent, saying which way, with 4") {
    using stagger::test::certificate_kind;
    const stagger::test::test_certificates certificates;
    const std::vector<std::pair<certificate_kind, std::string>> bad{
        {certificate_kind::expired, "has expired"},
        {certificate_kind::wrong_host, "another host"},
        {certificate_kind::self_signed, "self-signed"}};
    for (const auto& [kind, reason] : bad) {
        scripted_server server({{{chat_answer("hi")}}}, certificates.server(kind));
        const auto got = run(complete(server, {"hello", "--ca-file", certificates.ca_file()}));
        CAPTURE(got.err);
        CHECK(got.code == 4);
        CHECK(got.err.find("cannot use " + server.base_url()) != std::string::npos);
        CHECK(got.err.find(reason) != std::string::npos);
        CHECK(server.requests().empty());
    }
    SUBCASE("also in a batch") {
        const temporary_folder folder;
        scripted_server server({{{chat_answer("hi")}}}, certificates.server(certificate_kind::expired));
        const auto got = run({STAGGER_COMMAND,
                              {"batch", folder.write("prompts", "one\ntwo\n"), "-o", folder.path("out"),
                               "--base-url", server.base_url(), "--ca-file", certificates.ca_file()}});
        CHECK(got.code == 4);
        CHECK(got.err.find("has expired") != std::string::npos);
        CHECK(server.requests().empty());
        CHECK(folder.read("out").empty());
    }
    SUBCASE("an authority that is not trusted") {
        scripted_server server({{{chat_answer("hi")}}}, certificates.server(certificate_kind::good));
        const auto got = run(complete(server, {"hello"}));
        CHECK(got.code == 4);
        CHECK(got.err.find("not trusted") != std::string::npos);
    }
    SUBCASE("a good one is accepted") {
        scripted_server server({{{chat_answer("hi")}}}, certificates.server(certificate_kind::good));
        const auto got = run(complete(server, {"hello", "--ca-file", certificates.ca_file()}));
        CHECK(got.code == 0);
        CHECK(got.out == "hi\n");
    }
}
