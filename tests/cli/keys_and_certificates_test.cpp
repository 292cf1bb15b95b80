#include <doctest/doctest.h>
#include <openssl/ssl.h>
#include <sys/resource.h>

#include <cstdlib>
#include <string>

#include "cli/child.hpp"
#include "cli/core_dumps.hpp"
#include "cli/servers.hpp"
#include "sending/cleartext_key.hpp"
#include "support/scripted_peer.hpp"
#include "support/temporary_folder.hpp"
#include "support/test_certificates.hpp"

using namespace stagger::test;

namespace {

outcome ask(const std::string& base_url, std::vector<std::string> more) {
    std::vector<std::string> arguments{"complete", "hello", "--model", "m", "--base-url", base_url};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run({STAGGER_COMMAND, std::move(arguments)});
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("--client-cert and --client-key are shown to a server that demands a certificate") {
    const test_certificates certificates;
    const auto shown = certificates.client();
    scripted_server server({{{chat_answer("hi")}}}, certificates.demanding_server(TLS1_3_VERSION));
    const auto got = ask(server.base_url(), {"--ca-file", certificates.ca_file(), "--ca-only",
                                             "--client-cert", shown.certificate, "--client-key", shown.key});
    CHECK(got.code == 0);
    CHECK(got.out == "hi\n");
}

TEST_CASE("a server that demands a certificate ends the command with 4, naming the alert") {
    const test_certificates certificates;
    scripted_server server({{{chat_answer("hi")}}}, certificates.demanding_server(TLS1_3_VERSION));
    const auto got = ask(server.base_url(), {"--ca-file", certificates.ca_file()});
    CHECK(got.code == 4);
    CAPTURE(got.err);
    CHECK(has(got.err, "127.0.0.1 demands a client certificate: "));
    CHECK(has(got.err, "alert certificate required"));
}

TEST_CASE("certificate options that do not belong together are wrong usage, unreadable files 3") {
    const std::string nowhere = "https://127.0.0.1:1/v1";
    CHECK(ask(nowhere, {"--ca-only"}).code == 2);
    CHECK(ask(nowhere, {"--client-cert", "/dev/null"}).code == 2);
    CHECK(ask(nowhere, {"--client-key", "/dev/null"}).code == 2);
    const auto missing = ask(nowhere, {"--client-cert", "/nonexistent", "--client-key", "/dev/null"});
    CHECK(missing.code == 3);
    CHECK(has(missing.err, "/nonexistent: "));
    const auto empty = ask(nowhere, {"--client-cert", "/dev/null", "--client-key", "/dev/null"});
    CHECK(empty.code == 2);
    CHECK(has(empty.err, "client_certificate: must be "));
}

TEST_CASE("a key that goes unencrypted to another host is warned of") {
    app::send_plan plan;
    plan.hidden.add("SECRET-0123456789");
    for (const char* url :
         {"http://api.example.com/v1", "http://10.0.0.1/v1", "http://[2001:db8::1]:8000/v1"}) {
        plan.base_url = url;
        CHECK(has(app::cleartext_key_warning(plan), "unencrypted"));
    }
    for (const char* url : {"https://api.example.com/v1", "http://127.0.0.1:8000/v1", "http://127.9.9.9/v1",
                            "http://[::1]/v1", "http://localhost/v1", "http://llm.localhost/v1", "no url"}) {
        plan.base_url = url;
        CHECK(app::cleartext_key_warning(plan).empty());
    }
    plan.hidden = {};
    plan.base_url = "http://api.example.com/v1";
    CHECK(app::cleartext_key_warning(plan).empty());
}

TEST_CASE("the warning of an unencrypted key does not repeat it, and --quiet leaves it out") {
    const temporary_folder folder;
    const auto key = folder.write("key", "SECRET-0123456789\n");
    // A name that resolves nowhere: what is warned of comes before.
    const std::string elsewhere = "http://api.invalid/v1";
    const auto got = ask(elsewhere, {"--api-key-file", key, "--deadline", "1s"});
    CHECK(has(got.err, "the key goes to api.invalid unencrypted"));
    CHECK_FALSE(has(got.err, "SECRET"));
    CHECK_FALSE(
        has(ask(elsewhere, {"--api-key-file", key, "--deadline", "1s", "--quiet"}).err, "unencrypted"));
}

TEST_CASE("the command leaves no core file, unless it is told to") {
    // Of a build with AddressSanitizer, which would see to that by itself.
    const char* const given = std::getenv("ASAN_OPTIONS");
    const std::string options = given ? given : "";
    ::setenv("ASAN_OPTIONS", (options + ":disable_coredump=0").c_str(), 1);
    rlimit usual{};
    ::getrlimit(RLIMIT_CORE, &usual);
    rlimit possible = usual;
    possible.rlim_cur = usual.rlim_max;
    ::setrlimit(RLIMIT_CORE, &possible);
    for (const bool allowed : {false, true}) {
        silent_server server;
        child waiting({STAGGER_COMMAND,
                       {"complete", "hello", "--base-url", server.base_url(),
                        allowed ? "--allow-core-dumps" : "--quiet"}});
        server.await_request();
        rlimit of_child{};
        REQUIRE(::prlimit(waiting.id(), RLIMIT_CORE, nullptr, &of_child) == 0);
        CHECK(of_child.rlim_cur == (allowed ? possible.rlim_cur : 0));
        CHECK(of_child.rlim_max == possible.rlim_max);
    }
    ::setrlimit(RLIMIT_CORE, &usual);
    ::setenv("ASAN_OPTIONS", options.c_str(), 1);
}
