#include <doctest/doctest.h>

#include "pacing/measured/refusal_voices.hpp"

using stagger::hints;
using stagger::refusal_voices;
using voice = refusal_voices::voice;

namespace {

hints of_load() {
    hints said;
    said.overloaded = true;
    return said;
}

}  // namespace

TEST_CASE("a refusal speaks of the limit unless it speaks of the server's load") {
    CHECK(refusal_voices::of({}) == voice::limit);
    CHECK(refusal_voices::of(of_load()) == voice::load);
}

TEST_CASE("what chance refuses by one voice says nothing of the other") {
    refusal_voices voices;
    voices[voice::load].chance.established(0.2);
    CHECK(voices[voice::load].chance.matter());
    CHECK(voices[voice::load].chance.share() == doctest::Approx(0.2).epsilon(0.2));
    CHECK_FALSE(voices[voice::limit].chance.matter());
    CHECK(voices[voice::limit].chance.share() == refusal_voices()[voice::limit].chance.share());
}

TEST_CASE("the limit speaks by the voice in which it has refused clearly more") {
    refusal_voices voices;
    CHECK_FALSE(voices.limit_speaks_otherwise_than(voice::load));
    CHECK_FALSE(voices.limit_speaks_otherwise_than(voice::limit));
    voices.limit_spoke(voice::limit, 10);
    CHECK(voices.limit_speaks_otherwise_than(voice::load));
    CHECK_FALSE(voices.limit_speaks_otherwise_than(voice::limit));
}

TEST_CASE("where both voices refuse as much, neither is set aside") {
    refusal_voices voices;
    for (int each = 0; each < 20; ++each) {
        voices.limit_spoke(voice::limit, 1);
        voices.limit_spoke(voice::load, 1);
    }
    CHECK_FALSE(voices.limit_speaks_otherwise_than(voice::load));
    CHECK_FALSE(voices.limit_speaks_otherwise_than(voice::limit));
}

TEST_CASE("a server that changes its voice is heard again after a while") {
    refusal_voices voices;
    voices.limit_spoke(voice::limit, 30);
    int needed = 0;
    for (; voices.limit_speaks_otherwise_than(voice::load); ++needed) voices.limit_spoke(voice::load, 1);
    CHECK(needed > 3);
    CHECK(needed < 15);
}
