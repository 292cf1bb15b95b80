#include <doctest/doctest.h>

#include <boost/json/parse.hpp>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include "gateway/tenant.hpp"
#include "serve/clients_file.hpp"
#include "serve/spending_file.hpp"
#include "support/json_schema.hpp"
#include "support/temporary_folder.hpp"

namespace {

bool is_read(const std::string& text) {
    try {
        app::parse_clients(boost::json::parse(text));
        return true;
    } catch (const std::invalid_argument&) {
        return false;
    }
}

}  // namespace

TEST_CASE("clients file: its schema takes what the reader takes, and refuses what it refuses") {
    std::ifstream file(CLIENTS_SCHEMA);
    const auto schema = boost::json::parse(
        std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()));
    const std::string key(64, 'a');
    for (
        const std::string& right : {
            std::string("{}"),
            R"({"tenants":[]})" + std::string(),
            R"({"tenants":[{"name":"a","keys":[")" + key +
                R"("],"weight":0.5,"class":"batch","max_class":"normal",)" +
                R"("max_in_flight":1,"max_waiting":1000000,"requests_a_day":0,"tokens_a_day":1e6,"money_a_day":0.5}]})",
            std::string(
                R"({"others":{"weight":2,"requests_a_day":10},"classes":{"batch":0.1},"charge":"tokens"})"),
        }) {
        CAPTURE(right);
        CHECK(is_read(right));
        CHECK(support::schema_violations(schema, boost::json::parse(right)).empty());
    }
    for (const std::string wrong :
         {R"([])", R"({"tenant":[]})", R"({"tenants":{}})", R"({"tenants":[{}]})",
          R"({"tenants":[{"name":""}]})", R"({"tenants":[{"name":"a","keys":["b"]}]})",
          R"({"tenants":[{"name":"a","keys":"b"}]})", R"({"tenants":[{"name":"a","weight":0}]})",
          R"({"tenants":[{"name":"a","class":"high"}]})", R"({"tenants":[{"name":"a","max_in_flight":0}]})",
          R"({"tenants":[{"name":"a","max_waiting":1.5}]})",
          R"({"tenants":[{"name":"a","requests_a_day":-1}]})",
          R"({"tenants":[{"name":"a","tokens_a_day":"9"}]})", R"({"others":{"name":"a"}})",
          R"({"others":{"keys":[]}})", R"({"classes":{"high":1}})", R"({"classes":{"batch":0}})",
          R"({"charge":"money"})"}) {
        CAPTURE(wrong);
        CHECK_FALSE(is_read(wrong));
        CHECK_FALSE(support::schema_violations(schema, boost::json::parse(wrong)).empty());
    }
}

TEST_CASE("clients file: budgets of a day, for those that are listed and for others") {
    const auto clients = app::parse_clients(boost::json::parse(
        R"({"tenants":[{"name":"a","requests_a_day":5,"tokens_a_day":7.5}],"others":{"money_a_day":2}})"));
    const auto& listed = clients.terms_of(stagger::gateway::tenant_number("a")).a_day;
    CHECK(listed.requests == 5);
    CHECK(listed.tokens == 7.5);
    CHECK_FALSE(listed.money);
    CHECK(clients.terms_of(1).a_day.money == 2);
    CHECK(clients.counts_money());
    CHECK_FALSE(app::parse_clients(boost::json::parse(R"({"others":{"tokens_a_day":2}})")).counts_money());
}

TEST_CASE("spending file: what was written is read, and what is wrong is said") {
    const temporary_folder folder;
    const app::spending_file file(folder.path("state/serve-spending.json"));
    std::string wrong;
    CHECK_FALSE(file.read(wrong));
    CHECK(wrong.empty());
    const app::spending before{{{7, {1, 2.5, .125}}, {0xfedcba9876543210u, {3, 0, 0}}}, 20'000};
    CHECK(file.write(before).empty());
    const auto after = file.read(wrong);
    REQUIRE(after);
    CHECK(wrong.empty());
    CHECK(after->day == 20'000);
    CHECK(after->used == before.used);
    for (const std::string damaged : {R"({"day":1})", R"({"day":1,"tenants":[]})",
                                      R"({"day":1,"tenants":{"a":{}}})", R"({"day":-1,"tenants":{}})",
                                      R"({"day":1,"tenants":{"000000000000000a":{"tokens":"many"}}})", "{"}) {
        CAPTURE(damaged);
        wrong.clear();
        const app::spending_file other(folder.write("damaged.json", damaged));
        CHECK_FALSE(other.read(wrong));
        CHECK(wrong.find("damaged.json") != std::string::npos);
    }
}
