#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

#include "gateway/client_directory.hpp"
#include "gateway/tenant.hpp"
#include "gateway/usual_tokens.hpp"

using namespace stagger;
using namespace stagger::gateway;

namespace {

// printf %s abc | sha256sum
const std::string abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

client_directory::listed_tenant listed(const std::string& name, const std::string& key = "") {
    client_directory::listed_tenant made;
    made.terms.name = name;
    if (!key.empty()) made.keys = {stagger::sha256_of(key)};
    return made;
}

}  // namespace

TEST_CASE("a key is known by its SHA-256, in digits of either case") {
    CHECK(parse_key_hash(abc) == stagger::sha256_of("abc"));
    std::string upper = abc;
    upper[0] = 'B';
    CHECK(parse_key_hash(upper) == stagger::sha256_of("abc"));
    CHECK_FALSE(parse_key_hash(abc.substr(1)));
    CHECK_FALSE(parse_key_hash("g" + abc.substr(1)));
    CHECK_FALSE(parse_key_hash(""));
}

TEST_CASE("where keys are listed each belongs to a tenant, and others to none") {
    CHECK_FALSE(client_directory().asks_for_keys());
    CHECK_FALSE(client_directory({listed("search")}).asks_for_keys());
    const client_directory clients({listed("search", "one"), listed("nightly", "two")});
    CHECK(clients.asks_for_keys());
    CHECK(clients.owner_of("one") == tenant_number("search"));
    CHECK(clients.owner_of("two") == tenant_number("nightly"));
    CHECK_FALSE(clients.owner_of("three"));
    CHECK_FALSE(clients.owner_of(""));
    CHECK(clients.tenants() == 2);
}

TEST_CASE("a tenant has its own terms, the others have those of all others") {
    auto one = listed("search");
    one.terms.weight = 3;
    tenant_terms others;
    others.most_going = 2;
    const client_directory clients({one}, others);
    CHECK(clients.terms_of(tenant_number("search")).weight == 3);
    CHECK_FALSE(clients.terms_of(tenant_number("search")).most_going);
    CHECK(clients.terms_of(tenant_number("nobody")).most_going == 2);
    CHECK(clients.terms_of(0).name.empty());
}

TEST_CASE("a name or a key that is listed twice is refused") {
    CHECK_THROWS_AS(client_directory({listed("a"), listed("a")}), std::invalid_argument);
    CHECK_THROWS_AS(client_directory({listed("a", "key"), listed("b", "key")}), std::invalid_argument);
}

TEST_CASE("a call has the class that it asks for, up to the highest of its tenant") {
    tenant_terms terms;
    CHECK(class_within(terms, {}) == priority::normal);
    CHECK(class_within(terms, priority::interactive) == priority::interactive);
    terms.usual = priority::batch;
    CHECK(class_within(terms, {}) == priority::batch);
    CHECK(class_within(terms, priority::normal) == priority::normal);
    terms.highest = priority::normal;
    CHECK(class_within(terms, priority::interactive) == priority::normal);
    CHECK(class_within(terms, priority::batch) == priority::batch);
    terms.usual = priority::interactive;
    CHECK(class_within(terms, {}) == priority::normal);
}

TEST_CASE("tokens are estimated by the body, and by what answers have had lately") {
    usual_tokens usual;
    CHECK(usual.estimate(400, 0) == 100);
    CHECK(usual.estimate(0, 0) == 1);
    CHECK(usual.estimate(400, 20) == 120);
    for (int i = 0; i < 100; ++i) usual.learn({100, 50});
    CHECK(usual.estimate(400, {}) == doctest::Approx(150).epsilon(.01));
    CHECK(usual.estimate(400, 1000) == doctest::Approx(150).epsilon(.01));
    usual.learn({});
    CHECK(usual.estimate(400, {}) == doctest::Approx(150).epsilon(.01));
}
