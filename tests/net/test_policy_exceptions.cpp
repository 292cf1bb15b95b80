#include <doctest/doctest.h>

#include <boost/system/system_error.hpp>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/completing.hpp"
#include "support/scripted_peer.hpp"

namespace asio = boost::asio;
using namespace stagger;
using namespace stagger::test;

namespace {

struct refused_by_program : std::runtime_error {
    refused_by_program() : std::runtime_error("a rule of the program's") {}
};

/// A place of a policy where a program's function is called.
struct place {
    const char* name;
    std::function<void(client_options&)> set;
    bool after_success = false;  ///< it is asked about a success, too
};

std::vector<place> all_places() {
    const auto policy = [](auto change) {
        return [change](client_options& options) {
            retry_policy set;
            change(set);
            options.retry(set);
        };
    };
    const auto hook = [](const retry_state&) { throw refused_by_program(); };
    const auto rule = [](const attempt_result&) -> bool { throw refused_by_program(); };
    const auto judge = [](const attempt_result&) -> classification { throw refused_by_program(); };
    const auto stop = [](const retry_state&) -> bool { throw refused_by_program(); };
    const auto wait = [](const retry_state&) -> duration { throw refused_by_program(); };
    return {
        {"classify", policy([=](retry_policy& to) { to.classify(judge); }), true},
        {"retry_on", policy([=](retry_policy& to) { to.retry_on(retry_if(rule)); }), true},
        {"give_up_on", policy([=](retry_policy& to) { to.give_up_on(retry_if(rule)); })},
        {"stop", policy([=](retry_policy& to) { to.stop(stop_if(stop)); })},
        {"before", policy([=](retry_policy& to) { to.before(hook); }), true},
        {"after", policy([=](retry_policy& to) { to.after(hook); }), true},
        {"before_sleep", policy([=](retry_policy& to) { to.before_sleep(hook); })},
        {"on_success", policy([=](retry_policy& to) { to.on_success(hook); }), true},
        {"on_give_up", policy([=](retry_policy& to) { to.max_attempts(1).on_give_up(hook); })},
        {"backoff", [=](client_options& options) { options.backoff(backoff_policy::computed(wait)); }},
    };
}

std::string what_of(const std::exception_ptr& thrown) {
    try {
        if (thrown) std::rethrow_exception(thrown);
    } catch (const refused_by_program& exception) {
        return exception.what();
    } catch (...) {
        return "another exception";
    }
    return "nothing";
}

}  // namespace

TEST_CASE("what a function of the policy throws ends the request with that, and nothing is left behind") {
    for (const place& where : all_places()) {
        for (const bool streams : {false, true}) {
            CAPTURE(where.name);
            CAPTURE(streams);
            asio::io_context context;
            const bool succeeds = std::string(where.name) == "on_success";
            if (succeeds && streams) continue;  // of a stream's end a policy is not told
            scripted_peer peer(context, {{{succeeds ? chat_answer("a") : answer(500, "{}")}}});
            auto options = impatient_options_for(peer.base_url());
            where.set(options);
            client llm(context.get_executor(), options);
            std::vector<error_code> ended;
            diagnostic info;
            if (streams) {
                llm.async_stream(completion_request("a"), [&](error_code error, completion_stream opened) {
                    ended.push_back(error);
                    info = opened.result().info;
                });
            } else {
                llm.async_complete(completion_request("a"), [&](error_code error, const completion& result) {
                    ended.push_back(error);
                    info = result.info;
                });
            }
            std::optional<std::size_t> lost;
            llm.async_drain(std::chrono::seconds(30), [&](error_code, std::size_t count) { lost = count; });
            while (!lost || ended.empty()) context.run_one();
            REQUIRE(ended.size() == 1);
            CHECK(ended[0] == errc::callback_threw);
            CHECK(info.message == "a rule of the program's");
            CHECK(what_of(info.thrown) == "a rule of the program's");
            CHECK(lost == 0);
            CHECK(llm.counters().running == 0);
            CHECK(llm.counters().failed == 1);
            CHECK(llm.gate().status().in_flight == 0);
        }
    }
}

TEST_CASE("a refusal that a policy throws at is told to the gate all the same") {
    asio::io_context context;
    scripted_peer peer(context, {{{answer(429, "{}")}}});
    const auto judge = [](const attempt_result&) -> classification { throw refused_by_program(); };
    client llm(context.get_executor(), options_for(peer.base_url()).retry(retry_policy().classify(judge)));
    const outcome ended = complete(context, llm, completion_request("a"));
    CHECK(ended.error == errc::callback_threw);
    CHECK(ended.result.info.last_error == errc::rate_limited);
    CHECK(llm.gate().status().throttled == 1);
}

TEST_CASE("a system_error of a policy gives its code") {
    asio::io_context context;
    scripted_peer peer(context, {{{answer(500, "{}")}}});
    const auto hook = [](const retry_state&) {
        throw boost::system::system_error(make_error_code(boost::system::errc::no_link));
    };
    client llm(context.get_executor(), options_for(peer.base_url()).retry(retry_policy().after(hook)));
    CHECK(complete(context, llm, completion_request("a")).error == boost::system::errc::no_link);
}
