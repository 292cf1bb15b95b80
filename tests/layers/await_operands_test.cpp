#include "layers/await_operands.hpp"

#include <doctest/doctest.h>

using namespace layers;

namespace {

std::size_t count(const std::string& text) {
    return unnamed_in_co_await({"a.cpp", text}).size();
}

}  // namespace

TEST_CASE("nothing without a name that g++ 12 would destroy twice stands in a co_await expression") {
    auto files = read_sources({"lib", "apps", "examples", "bench", "tests"}, {".cpp", ".hpp"});
    REQUIRE(files.size() > 10);
    std::vector<violation> found;
    for (const source_file& file : files) {
        for (violation& one : unnamed_in_co_await(file)) found.push_back(std::move(one));
    }
    CHECK(to_string(found) == "");
}

TEST_CASE("no loop awaits behind && or ||, which g++ 12 does in any case") {
    std::vector<violation> all;
    for (const source_file& file :
         read_sources({"lib", "apps", "examples", "bench", "tests"}, {".cpp", ".hpp"})) {
        for (violation& one : awaited_in_any_case(file)) all.push_back(std::move(one));
    }
    CHECK(to_string(all) == "");
    const auto found = [](const char* text) { return awaited_in_any_case({"a.cpp", text}).size(); };
    CHECK(found("while (a && co_await f()) g();") == 1);
    CHECK(found("do g(); while (a || !co_await f());") == 1);
    CHECK(found("for (; a && co_await f(); ++i) g();") == 1);
    CHECK(found("while (co_await f() && a) g();") == 0);
    CHECK(found("if (a && co_await f()) g();") == 0);
    CHECK(found("while (a && b) co_await f();") == 0);
}

TEST_CASE("a braced temporary in a co_await expression is found") {
    CHECK(count("co_await f({.a = x});") == 1);
    CHECK(count("co_await f(1, {x});") == 1);
    CHECK(count("co_await f(Agg{x}, token);") == 1);
    CHECK(count("co_await f(Agg{});") == 1);
    CHECK(count("co_await f(a::b::Agg<c, d<e>>{x});") == 1);
    CHECK(count("co_await Agg{x}.run();") == 1);
    CHECK(count("auto v = co_await g(h(std::pair{a, b}));") == 1);
    CHECK(count("co_return co_await f(\n    {x,\n     y});") == 1);
    CHECK(count("if (co_await f(Agg{x})) { g(Agg{y}); }") == 1);
    CHECK(unnamed_in_co_await({"a.cpp", "\n\nco_await f(\nAgg{x});"}).at(0).line == 4);
}

TEST_CASE("a capturing lambda in a co_await expression is found") {
    CHECK(count("co_await g([s] { return s; });") == 1);
    CHECK(count("co_await g(token, [&] { return 1; });") == 1);
    CHECK(count("co_await [this]() -> awaitable<void> { co_return; }();") == 1);
    CHECK(count("co_await co_spawn(ex, [s]() -> awaitable<int> { co_return co_await f(Agg{s}); });") == 2);
}

TEST_CASE("what is safe in a co_await expression is not found") {
    CHECK(count("co_await f(named, asio::deferred);") == 0);
    CHECK(count("co_await f(Class(x).y(1));") == 0);
    CHECK(count("co_await g([] { return Agg{1}; });") == 0);
    CHECK(count("co_await g([](int a) -> awaitable<void> { co_return; }, list[0], table[key]);") == 0);
    CHECK(count("timer.expires_after(std::chrono::seconds{1}); co_await "
                "timer.async_wait(std::chrono::seconds{1});") == 0);
    CHECK(count("while (auto delta = co_await stream.async_next()) { use({delta}); }") == 0);
    CHECK(count("auto named = Agg{x}; co_await f(named); use({x});") == 0);
    CHECK(count("// co_await f({x});\nlog(\"co_await f({x})\");") == 0);
}
