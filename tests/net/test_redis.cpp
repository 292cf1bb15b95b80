// The store's protocol without a store; tests/cli/fleet_test.cpp has a real one.

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <stdexcept>

#include "net/fleet_names.hpp"
#include "net/slow_answers.hpp"
#include "redis/redis_address.hpp"
#include "redis/reply.hpp"
#include "stagger/client.hpp"

using namespace stagger;
using redis::reply;

namespace {

std::string refused_address(const std::string& url) {
    try {
        redis::parse_redis_address(url);
    } catch (const std::invalid_argument& wrong) {
        return wrong.what();
    }
    return "accepted";
}

}  // namespace

TEST_CASE("a store's URL names host, port, database, user and password, each of which may be missing") {
    auto found = redis::parse_redis_address("redis://127.0.0.1");
    CHECK_FALSE(found.target.tls);
    CHECK(host_and_port(found.target) == "127.0.0.1:6379");
    CHECK(found.user.empty());
    CHECK(found.database == 0);
    found = redis::parse_redis_address("rediss://me:a%20secret@redis.example.com:7000/3");
    CHECK(found.target.tls);
    CHECK(found.target.host == "redis.example.com");
    CHECK_FALSE(found.target.host_is_address);
    CHECK(found.user == "me");
    CHECK(found.password == "a secret");
    CHECK(found.database == 3);
    CHECK(host_and_port(found.target) == "redis.example.com:7000");
    CHECK(host_and_port(redis::parse_redis_address("redis://[::1]:7000/").target) == "[::1]:7000");
    CHECK(redis::parse_redis_address("redis://me@host").user == "me");
}

TEST_CASE("what is no store's URL is refused, and no password is repeated") {
    CHECK(refused_address("localhost:6379").starts_with("fleet: must begin with redis:// or rediss://"));
    CHECK(refused_address("http://host").starts_with("fleet: must begin with redis://"));
    CHECK(refused_address("redis://") == "fleet: must name a host, is \"redis://\"");
    CHECK(refused_address("redis://host:0").starts_with("fleet: must have a port within 1..65535"));
    CHECK(refused_address("redis://host/one").starts_with("fleet: must have the number of a database"));
    CHECK(refused_address("redis://host/0?x=1").starts_with("fleet: must have neither a query nor"));
    CHECK(refused_address("redis://me:secret@host/one").find("secret") == std::string::npos);
}

TEST_CASE("a command is written as the store reads it, whatever is in its words") {
    CHECK(redis::format_command({"SET", "a b", std::string("x\0\r\n", 4)}) ==
          std::string("*3\r\n$3\r\nSET\r\n$3\r\na b\r\n$4\r\nx\0\r\n\r\n", 32));
}

TEST_CASE("replies come whole, wherever they are cut") {
    const std::string bytes =
        "+OK\r\n-ERR no such\r\n:42\r\n$5\r\nhe\r\no\r\n$-1\r\n*3\r\n$7\r\nmessage\r\n:1\r\n*1\r\n+x\r\n";
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        redis::reply_parser parser;
        std::vector<reply> all;
        for (const std::string& part : {bytes.substr(0, cut), bytes.substr(cut)}) {
            parser.feed(part);
            while (auto got = parser.next()) all.push_back(*got);
        }
        REQUIRE(all.size() == 6);
        CHECK(all[0].what == reply::kind::status);
        CHECK(all[1].is_error());
        CHECK(all[1].text == "ERR no such");
        CHECK(all[2].number() == 42);
        CHECK(all[3].text == "he\r\no");
        CHECK(all[4].what == reply::kind::nil);
        CHECK(all[5].items.size() == 3);
        CHECK(all[5].items[2].items[0].text == "x");
        CHECK(parser.problem().empty());
    }
}

TEST_CASE("what is no reply is said to be none, once and for all") {
    redis::reply_parser parser;
    parser.feed("HTTP/1.1 400 Bad Request\r\n\r\n");
    CHECK_FALSE(parser.next());
    CHECK_FALSE(parser.problem().empty());
    parser.feed("+OK\r\n");
    CHECK_FALSE(parser.next());
}

TEST_CASE("no memory is taken for what a store only says") {
    redis::reply_parser parser;
    parser.feed("*2147483647\r\n:1\r\n");
    CHECK_FALSE(parser.next());
    CHECK_FALSE(parser.problem().empty());
    redis::reply_parser usual;
    usual.feed("*1000\r\n");
    for (int each = 0; each < 1000; ++each) usual.feed(":7\r\n");
    const auto got = usual.next();
    REQUIRE(got);
    CHECK(got->items.size() == 1000);
}

TEST_CASE("a number that comes as text is a number") {
    reply text;
    text.what = reply::kind::text;
    text.text = "1790000000000";
    CHECK(text.number() == 1790000000000);
    text.text = "x";
    CHECK(text.number() == 0);
}

TEST_CASE("a limit is one of an endpoint, an account and a model, and its name tells nothing of a key") {
    client_options options;
    options.base_url("https://API.example.com/v1/").api_key("sk-secret").model("m");
    const auto one = detail::subject_of(options);
    CHECK(one.endpoint == "https://api.example.com:443/v1");
    CHECK(one.hash.size() == 32);
    CHECK(one.hash.find_first_not_of("0123456789abcdef") == std::string::npos);
    CHECK(detail::subject_of(client_options(options).base_url("https://api.example.com:443/v1")).hash ==
          one.hash);
    CHECK(detail::subject_of(client_options(options).api_key("sk-other")).hash != one.hash);
    CHECK(detail::subject_of(client_options(options).model("n")).hash != one.hash);
    CHECK(detail::subject_of(client_options(options).base_url("http://api.example.com/v1")).hash != one.hash);
    const detail::fleet_names names("team", one.hash);
    CHECK(names.lead() == "team:{" + one.hash + "}:lead");
    CHECK(names.member("m1") == "team:{" + one.hash + "}:m:m1");
    CHECK(detail::member_name() != detail::member_name());
}

TEST_CASE("a fleet's options are checked when a client is made") {
    CHECK_THROWS_AS(fleet_options().url("http://host").validate(), std::invalid_argument);
    CHECK_THROWS_AS(fleet_options().url("redis://host").prefix("a:b").validate(), std::invalid_argument);
    CHECK_THROWS_AS(fleet_options().url("redis://host").prefix("").validate(), std::invalid_argument);
    CHECK_NOTHROW(fleet_options().url("redis://host").prefix("team-a.1_x").validate());
    CHECK_THROWS_AS(client_options().base_url("http://127.0.0.1").fleet(fleet_options()).validate(),
                    std::invalid_argument);
}

TEST_CASE(
    "a fleet is told to the client whose gate it is, and shares nothing but a measured limit on requests") {
    boost::asio::io_context context;
    client_options options;
    options.base_url("http://127.0.0.1:9").fleet(fleet_options().url("redis://127.0.0.1:9"));
    CHECK_THROWS_AS(client(context.get_executor(), options, gate(context.get_executor(), {}, 1)),
                    std::invalid_argument);
    CHECK_THROWS_AS(client(context.get_executor(), options, coordinator_options().tokens_per_minute(1)),
                    std::invalid_argument);
    CHECK_THROWS_AS(
        client(context.get_executor(), options, coordinator_options().pacing(pacing_kind::unpaced)),
        std::invalid_argument);
    // Where there is no store it is a client as any other, and its context does not run for it.
    client one(context.get_executor(), options, coordinator_options());
    CHECK(one.gate().fleet().is_member);
    CHECK(context.run() == 0);
}

TEST_CASE("a store is slow by many answers in a row, and that is told once") {
    stagger::detail::slow_answers store;
    using seen = stagger::detail::slow_answers;
    for (unsigned each = 1; each < seen::enough; ++each) CHECK(!store.answered(seen::slow));
    CHECK(!store.answered(std::chrono::milliseconds(1)));  // from the beginning
    for (unsigned each = 1; each < seen::enough; ++each) CHECK(!store.answered(seen::slow));
    CHECK(store.answered(seen::slow));
    for (unsigned each = 0; each < 2 * seen::enough; ++each) CHECK(!store.answered(seen::slow));
}
