#include <doctest/doctest.h>

#include "gateway/client_habits.hpp"

using namespace stagger;
using namespace stagger::gateway;
using namespace std::chrono_literals;

namespace {

http_server::request with(std::vector<wire::field> fields) {
    http_server::request asked;
    asked.fields = std::move(fields);
    return asked;
}

const auto node =
    with({{"User-Agent", "OpenAI/JS 6.49"}, {"X-Stainless-Lang", "js"}, {"X-Stainless-Runtime", "node"}});
const auto python = with({{"User-Agent", "OpenAI/Python 2.1"},
                          {"x-stainless-lang", "python"},
                          {"x-stainless-read-timeout", "120"}});
const auto curl = with({{"User-Agent", "curl/7.88"}});

}  // namespace

TEST_CASE("an SDK under Node bears interim answers up to its own limit") {
    const auto habits = read_habits(node, false, true);
    CHECK(habits.kept_by == sign_of_life::interim);
    CHECK(habits.patience == 298s);
    CHECK(habits.longest == 598s);
    CHECK(habits.attempts == 3);
}

TEST_CASE("a limit that an SDK tells is its patience") {
    const auto habits = read_habits(python, false, true);
    CHECK(habits.kept_by == sign_of_life::interim);
    CHECK(habits.patience == 118s);
    CHECK(habits.longest == duration::max());
}

TEST_CASE("of a client that says nothing nothing is assumed") {
    const auto habits = read_habits(curl, false, true);
    CHECK(habits.kept_by == sign_of_life::none);
    CHECK(habits.patience == duration::max());
    CHECK(habits.attempts == 1);
}

TEST_CASE("streams are kept by comments, unless they are switched off") {
    for (const auto& one : {node, python, curl}) {
        CHECK(read_habits(one, true, true).kept_by == sign_of_life::comments);
        CHECK(read_habits(one, true, true).longest == duration::max());
        CHECK(read_habits(one, true, false).kept_by == sign_of_life::none);
    }
}

TEST_CASE("no interim answers through a proxy or to HTTP/1.0") {
    auto behind_proxy = node;
    behind_proxy.fields.push_back({"Via", "1.1 nginx"});
    CHECK(read_habits(behind_proxy, false, true).kept_by == sign_of_life::none);
    auto old = node;
    old.http_1_1 = false;
    CHECK(read_habits(old, false, true).kept_by == sign_of_life::none);
}

TEST_CASE("x-stagger-timeout says it for any client") {
    auto told = curl;
    told.fields.push_back({"X-Stagger-Timeout", "40"});
    CHECK(read_habits(told, false, true).patience == 38s);
    CHECK(read_habits(told, true, true).longest == 38s);
    told.fields.back().value = "2";
    CHECK(read_habits(told, false, true).longest == 1s);
    told.fields.back().value = "nonsense";
    CHECK(read_habits(told, false, true).longest == duration::max());
}
