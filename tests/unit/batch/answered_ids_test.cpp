#include "batch/answered_ids.hpp"

#include <doctest/doctest.h>

TEST_CASE("ids are remembered exactly, line numbers and others") {
    stagger::batch::answered_ids ids;
    CHECK_FALSE(ids.contains("line-1"));
    for (const char* id :
         {"line-1", "line-70", "line-007", "line-", "line-0", "line-99999999999999999999999", "a", ""}) {
        CAPTURE(id);
        CHECK_FALSE(ids.contains(id));
        ids.insert(id);
        CHECK(ids.contains(id));
    }
    CHECK(ids.size() == 8);
    CHECK_FALSE(ids.contains("line-7"));
    CHECK_FALSE(ids.contains("line-69"));
    CHECK_FALSE(ids.contains("line-71"));
    CHECK_FALSE(ids.contains("line-1000000000"));
    CHECK_FALSE(ids.contains("b"));
}

TEST_CASE("an id inserted twice counts once") {
    stagger::batch::answered_ids ids;
    ids.insert("line-3");
    ids.insert("line-3");
    ids.insert("x");
    ids.insert("x");
    CHECK(ids.size() == 2);
}
