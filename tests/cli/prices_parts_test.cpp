// Prices and what is added up by them.

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>

#include "cli/exit_code.hpp"
#include "prices/cost_counter.hpp"
#include "prices/price_list.hpp"
#include "stagger/completion.hpp"

namespace {

using stagger::token_usage;

const std::string three = R"({
    "small": {"input_cost_per_token": 1e-6, "output_cost_per_token": 4e-6, "cache_read_input_token_cost": 5e-7,
              "litellm_provider": "openai", "max_tokens": "a text"},
    "azure/own": {"input_cost_per_token": 2e-6, "output_cost_per_token": null},
    "picture": {"output_cost_per_image": 0.04}})";

std::string refusal(const std::string& json) {
    try {
        app::price_list(json, "p.json");
    } catch (const app::failure& refused) {
        CHECK(refused.code() == app::exit_code::wrong_usage);
        return refused.what();
    }
    return "nothing";
}

stagger::completion answered(std::uint64_t prompt, std::uint64_t completion, std::string raw = "{}") {
    stagger::completion answer;
    answer.usage = {prompt, completion};
    answer.raw = std::move(raw);
    return answer;
}

}  // namespace

TEST_CASE("prices are found by a model's name, with or without its provider") {
    const app::price_list prices(three, "p.json");
    REQUIRE(prices.find("small") != nullptr);
    CHECK(prices.find("openai/small") == prices.find("small"));
    CHECK(prices.find("azure/own") != nullptr);
    CHECK(prices.find("own") == nullptr);
    CHECK(prices.find("picture") == nullptr);
    CHECK(prices.find("") == nullptr);
    CHECK(prices.find("azure/own")->completion == 0);
    CHECK(prices.find("azure/own")->cached == doctest::Approx(2e-6));
    CHECK_FALSE(prices.empty());
    CHECK(app::price_list().empty());
}

TEST_CASE("what is no list of prices is refused with the member") {
    CHECK(refusal("[]") == "p.json: must be a JSON object of models");
    CHECK(refusal("{") == "p.json: must be a JSON object of models");
    CHECK(refusal("{}") == "p.json: no model in it has input_cost_per_token");
    CHECK(refusal(R"({"m":3})") == "p.json: m: must be an object of prices");
    CHECK(refusal(R"({"m":{"input_cost_per_token":"1"}})") ==
          "p.json: m: input_cost_per_token: must be a number from 0");
    CHECK(refusal(R"({"m":{"input_cost_per_token":1,"output_cost_per_token":-1}})") ==
          "p.json: m: output_cost_per_token: must be a number from 0");
    CHECK(refusal(R"({"m":{"input_cost_per_token":0}})") == "nothing");
}

TEST_CASE("tokens cost what they are: of a prompt's, those of the cache less") {
    const app::token_prices prices{1, 10, 0.5};
    CHECK(prices.cost_of({2, 3}) == 32);
    CHECK(prices.cost_of({4, 0, 2}) == 3);
    CHECK(prices.cost_of({4, 0, 9}) == 2);  // no more than all of them
    CHECK(prices.cost_of({std::nullopt, 3}) == 30);
    CHECK_FALSE(prices.cost_of({}));
}

TEST_CASE("costs read as few digits as they need") {
    CHECK(app::cost_text(0) == "0");
    CHECK(app::cost_text(0.0123) == "0.0123");
    CHECK(app::cost_text(12.5) == "12.5");
    CHECK(app::cost_text(1.0 / 3) == "0.333333");
    CHECK(app::cost_text(7.35e-06) == "0.00000735");
    CHECK(app::cost_text(5) == "5");
    CHECK(app::cost_text(100) == "100");
    CHECK(app::cost_text(1234567.8) == "1234568");
    CHECK(app::cost_text(1e-14) == "0");
}

TEST_CASE("the model that is asked for goes before the one that answers") {
    app::cost_counter costs(app::price_list(three, "p.json"), "");
    costs.count("small", answered(10, 5, R"({"model":"azure/own"})"));
    CHECK(costs.counts().cost == doctest::Approx(30e-6));
    costs.count("deployment-7", answered(10, 0, R"({"model":"small"})"));
    CHECK(costs.counts().cost == doctest::Approx(40e-6));
    costs.count("", answered(1, 0, R"({"modelVersion":"small"})"));
    CHECK(costs.counts().cost == doctest::Approx(41e-6));
    CHECK(costs.counts().unpriced == 0);
    costs.count("large", answered(1, 1));
    costs.count("larger", answered(1, 1, "no JSON"));
    costs.count("small", stagger::completion());
    CHECK(costs.counts().unpriced == 3);
    CHECK(costs.counts().unlisted_model == "large");
}

TEST_CASE("a request's model: of its body, its own, or the usual one") {
    CHECK(app::asked_model(stagger::completion_request("hi"), "usual") == "usual");
    CHECK(app::asked_model(stagger::completion_request("hi").model("own"), "usual") == "own");
    CHECK(app::asked_model(stagger::completion_request::from_body(R"({"model":"of the body"})"), "usual") ==
          "of the body");
    CHECK(app::asked_model(stagger::completion_request::from_body("{}"), "usual") == "usual");
    CHECK(app::asked_model(stagger::completion_request::from_body("broken"), "usual") == "usual");
}

TEST_CASE("a transport's answers are counted on their way, failures are not") {
    boost::asio::io_context context;
    std::vector<stagger::batch::transport::handler> waiting;
    stagger::batch::transport through;
    through.executor = context.get_executor();
    through.send = [&](const stagger::completion_request&, stagger::batch::transport::handler done) {
        waiting.push_back(std::move(done));
    };
    const auto costs = std::make_shared<app::cost_counter>(app::price_list(three, "p.json"), "small");
    const auto counted = costs->counted(through);
    std::size_t ended = 0;
    for (int i = 0; i < 2; ++i)
        counted.send(stagger::completion_request("hi"),
                     [&](stagger::error_code, const stagger::completion&) { ++ended; });
    REQUIRE(waiting.size() == 2);
    std::move(waiting[0])(stagger::error_code(), answered(3, 2));
    std::move(waiting[1])(stagger::errc::server_error, answered(3, 2));
    context.run();
    CHECK(ended == 2);
    CHECK(costs->counts().cost == doctest::Approx(11e-6));
}
