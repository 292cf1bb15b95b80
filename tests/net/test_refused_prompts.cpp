#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "support/completing.hpp"
#include "support/scripted_peer.hpp"

namespace asio = boost::asio;
using namespace std::chrono_literals;
using namespace stagger;
using namespace stagger::test;

namespace {

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

std::string too_large() {
    return answer(429, R"({"error":{"message":"Request too large","type":"tokens","code":"x"}})");
}

/// Keeps some requests under way until told to stop, as a batch does.
class stream_of_prompts {
 public:
    stream_of_prompts(client llm, completion_request what) : llm_(std::move(llm)), what_(std::move(what)) {
        for (int each = 0; each < 4; ++each) next();
    }
    void stop() { stopped_ = true; }
    unsigned answered = 0;
    unsigned failed = 0;

 private:
    void next() {
        if (stopped_) return;
        llm_.async_complete(what_, [this](error_code error, const completion&) {
            ++(error ? failed : answered);
            next();
        });
    }

    client llm_;
    completion_request what_;
    bool stopped_ = false;
};

const auto soon = coordinator_options().initial_rate(1000).prompt_refused_after(1ms);

}  // namespace

TEST_CASE("a prompt that a server always refuses ends with prompt_refused, and others do not wait for it") {
    asio::io_context context;
    scripted_peer peer(context, [](const std::string& request) {
        return contains(request, "poison") ? too_large() : chat_answer("ok");
    });
    client llm(context.get_executor(), options_for(peer.base_url()), soon);
    stream_of_prompts others(llm, completion_request("good"));
    const outcome ended = complete(context, llm, completion_request("poison"));
    others.stop();
    context.restart();
    context.run();

    CHECK(ended.error == errc::prompt_refused);
    CHECK(ended.error == condition::permanent);
    CHECK(ended.result.info.last_error == errc::rate_limited);
    CHECK(ended.result.info.rejections == ended.result.info.attempts);
    CHECK(ended.result.info.message.starts_with("refused " + std::to_string(ended.result.info.attempts) +
                                                " times in "));
    CHECK(contains(ended.result.info.message, " requests of the same model and key were admitted: "));
    CHECK(contains(ended.result.info.message, "Request too large"));
    CHECK(others.answered > 20);
    CHECK(others.failed == 0);
}

TEST_CASE("of two models one is refused: the other is not held up, and nothing fails until its deadline") {
    asio::io_context context;
    bool refuses = true;
    scripted_peer peer(context, [&](const std::string& request) {
        return refuses && contains(request, "\"bad\"") ? too_large() : chat_answer("ok");
    });
    client llm(context.get_executor(), options_for(peer.base_url()), soon);
    std::vector<error_code> ends;
    for (int each = 0; each < 20; ++each) {
        llm.async_complete(completion_request("a").model("bad"),
                           [&](error_code error, const completion&) { ends.push_back(error); });
    }
    stream_of_prompts others(llm, completion_request("b").model("good"));
    while (llm.gate().status().kind_refused < 19 && context.run_one() != 0) continue;
    CHECK(ends.empty());
    CHECK(others.failed == 0);
    CHECK(others.answered > 5);

    refuses = false;
    others.stop();
    context.restart();
    context.run();
    CHECK(ends == std::vector<error_code>(20));
    CHECK(llm.gate().status().kind_refused == 0);
}

TEST_CASE("two clients with keys of their own behind one gate are told apart") {
    asio::io_context context;
    scripted_peer peer(context, [](const std::string& request) {
        return contains(request, "Bearer used-up") ? too_large() : chat_answer("ok");
    });
    gate shared(context.get_executor(), soon, 1);
    client good(context.get_executor(), options_for(peer.base_url()), shared);
    client bad(context.get_executor(), options_for(peer.base_url()).api_key("used-up"), shared);
    std::vector<error_code> ends;
    for (int each = 0; each < 10; ++each) {
        bad.async_complete(completion_request("a"),
                           [&](error_code error, const completion&) { ends.push_back(error); });
    }
    stream_of_prompts others(good, completion_request("b"));
    while (shared.status().kind_refused < 9 && context.run_one() != 0) continue;
    CHECK(ends.empty());
    others.stop();
    bad.close();
    context.restart();
    context.run();
    CHECK(ends.size() == 10);
    CHECK(others.failed == 0);
}
