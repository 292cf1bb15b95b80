#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <string>

#include "base/date.hpp"
#include "records/limits_file.hpp"

using namespace std::chrono_literals;
using stagger::limit_kind;
using stagger::remembered_limits;
using stagger::wire::limits_by_key;
using stagger::wire::limits_key;

namespace {

constexpr std::chrono::sys_seconds today{1'700'000'000s};

remembered_limits a_rate(double per_s, std::chrono::sys_seconds when = today) {
    remembered_limits limits;
    limits.rate_per_s = per_s;
    limits.learned_at = when;
    return limits;
}

limits_by_key of_each_kind() {
    limits_by_key limits;
    limits[{"https://b.example:443/v1", "none", ""}] = a_rate(1.0 / 3);
    auto& window = limits[{"https://a.example:443/v1", "0123456789ab", "m \"1\"\n"}] = a_rate(50);
    window.kind = limit_kind::window;
    window.quota = 3000;
    window.window = 60'000'000'001ns;
    auto& concurrency = limits[{"https://a.example:443/v1", "0123456789ab", "m2"}] = a_rate(32);
    concurrency.kind = limit_kind::concurrency;
    concurrency.in_flight = 64;
    auto& lockout = limits[{"https://a.example:443/v1", "none", "m2"}] = a_rate(10);
    lockout.kind = limit_kind::lockout;
    lockout.silence = 3'180ms;
    lockout.burst = 9.25;
    lockout.rejections = 21;
    auto& none = limits[{"http://127.0.0.1:8080/v1", "none", "m"}] = a_rate(60000);
    none.kind = limit_kind::none;
    return limits;
}

/// About the file, or about the one entry that is left out.
std::string complaint(const std::string& text) {
    try {
        const auto read = stagger::wire::parse_limits_file(text);
        if (!read.refused.empty()) {
            CHECK(read.limits.empty());
            return read.refused.front();
        }
    } catch (const std::invalid_argument& wrong) {
        return wrong.what();
    }
    return {};
}

/// A file with one entry, in which something is replaced.
std::string damaged(const std::string& replaced, const std::string& by) {
    std::string text = stagger::wire::format_limits_file({{{"http://x:80", "none", "m"}, a_rate(5)}});
    const auto at = text.find(replaced);
    REQUIRE(at != std::string::npos);
    return text.replace(at, replaced.size(), by);
}

}  // namespace

TEST_CASE("limits of every kind read back as they were written") {
    const auto written = of_each_kind();
    const auto read = stagger::wire::parse_limits_file(stagger::wire::format_limits_file(written));
    CHECK(read.limits == written);
    CHECK(read.refused.empty());
    CHECK(stagger::wire::parse_limits_file(stagger::wire::format_limits_file({})).limits.empty());
}

TEST_CASE("the state file is as documented") {
    CHECK(
        stagger::wire::format_limits_file({{{"http://x:80/v1", "none", "m"}, a_rate(5)}}) ==
        R"({"format":"stagger limits","version":1,"limits":{"http://x:80/v1":{"none":{"m":{"kind":"rate","rate_per_s":5,"rejections":0,"learned_at":"2023-11-14T22:13:20Z"}}}}})"
        "\n");
}

TEST_CASE("a damaged state file is refused by member, rule and value") {
    const std::string entry = R"(limits["http://x:80"]["none"]["m"])";
    CHECK(complaint("").starts_with("must be JSON, "));
    CHECK(complaint(damaged("}}}}}", "")).starts_with("must be JSON, "));
    CHECK(complaint("[]") == "must be an object");
    CHECK(complaint(damaged("stagger limits", "other")) == R"(format: must be "stagger limits", is "other")");
    CHECK(complaint("{}") == R"(format: must be "stagger limits", is missing)");
    CHECK(complaint(damaged("\"version\":1,", "")) == "version: must be given, is missing");
    CHECK(complaint(R"({"format":"stagger limits","version":1})") == "limits: must be given, is missing");
    CHECK(complaint(damaged("\"limits\":", "\"extra\":1,\"limits\":")).starts_with("extra: unknown member"));
    CHECK(complaint(damaged("\"kind\"", "\"sort\"")).starts_with(entry + ".sort: unknown member"));
    CHECK(complaint(damaged("\"rate\"", "\"speed\"")) ==
          entry + ".kind: must be one of rate, window, concurrency, lockout, none, is \"speed\"");
    CHECK(complaint(damaged("\"rate\"", "\"lockout\"")) ==
          entry + ".silence_s: must be given for lockout, is missing");
    CHECK(complaint(damaged(":5,", ":-5,")) == entry + ".rate_per_s: must be > 0 and at most 1e6, is -5");
    CHECK(complaint(damaged(":5,", ":5,\"window_s\":1e300,")).find("window_s: must be > 0 and at most") !=
          std::string::npos);
    CHECK(complaint(damaged("\"rejections\":0", "\"rejections\":-1")).find("rejections: must be a whole") !=
          std::string::npos);
    CHECK(complaint(damaged(",\"learned_at\":\"2023-11-14T22:13:20Z\"", "")) ==
          entry + ".learned_at: must be given, is missing");
    CHECK(complaint(damaged("2023-11-14T22:13:20Z", "yesterday")) ==
          entry + ".learned_at: must be a date such as 2024-01-27T16:05:00Z, is \"yesterday\"");
    CHECK(complaint(R"({"format":"stagger limits","version":1,"limits":{"http://x:80":{"none":7}}})") ==
          R"(limits["http://x:80"]["none"]: must be an object)");
    CHECK(complaint(R"({"format":"stagger limits","version":1,"limits":7})") == "limits: must be an object");
}

TEST_CASE("an entry that is not sound costs no other") {
    auto written = of_each_kind();
    auto text = stagger::wire::format_limits_file(written);
    const std::string sound = "\"in_flight\":64";
    text.replace(text.find(sound), sound.size(), "\"in_flight\":0");
    const std::string beside = "\"limits\":{";
    text.insert(text.find(beside) + beside.size(), R"("http://y:80":[],"http://z:80":{"none":{"m":7}},)");
    const auto read = stagger::wire::parse_limits_file(text);
    written.erase({"https://a.example:443/v1", "0123456789ab", "m2"});
    CHECK(read.limits == written);
    REQUIRE(read.refused.size() == 3);
    CHECK(read.refused[0] == R"(limits["http://y:80"]: must be an object)");
    CHECK(read.refused[1] == R"(limits["http://z:80"]["none"]["m"]: must be an object, is 7)");
    CHECK(
        read.refused[2] ==
        R"(limits["https://a.example:443/v1"]["0123456789ab"]["m2"].in_flight: must be within 1..1e9, is 0)");
}

TEST_CASE("every field at its extremes reads back, alone and together") {
    limits_by_key written;
    const auto add = [&](const std::string& model) -> remembered_limits& {
        return written[{"http://x:80", "none", model}] = a_rate(1);
    };
    add("rate, least").rate_per_s = std::numeric_limits<double>::denorm_min();
    add("rate, most").rate_per_s = 1e6;
    for (const double count : {1.0, std::nextafter(1.0, 2.0), 1e9}) {
        auto& one = add("count " + std::to_string(written.size()));
        one.burst = one.quota = one.in_flight = count;
    }
    for (const stagger::duration span : {stagger::duration(1ns), stagger::duration(168h)}) {
        auto& one = add("span " + std::to_string(written.size()));
        one.window = one.silence = span;
    }
    add("rejections").rejections = std::uint64_t{1} << 53;
    add("first").learned_at = std::chrono::sys_seconds(0s);
    add("last").learned_at = std::chrono::sys_days(std::chrono::year(9999) / 12 / 31);
    add(std::string("\0\x1f\"\\", 4));
    written[{"", "", ""}] = a_rate(1);
    const auto all = written;
    for (const auto& [key, limits] : all) {
        CAPTURE(key.model);
        CHECK_FALSE(stagger::wire::unwritable(key, limits));
    }
    const auto read = stagger::wire::parse_limits_file(stagger::wire::format_limits_file(all));
    CHECK(read.refused.empty());
    CHECK(read.limits == all);
}

TEST_CASE("an entry of a later version is kept as it is, and one that is damaged is not") {
    const auto sound = of_each_kind();
    const std::string later = R"({"kind":"tides","rate_per_s":3,"learned_at":"2026-01-01T00:00:00Z"})";
    const std::string further =
        R"({"kind":"rate","rate_per_s":3,"rejections":0,"learned_at":"2026-01-01T00:00:00Z","moon":[1]})";
    const std::string damaged = R"({"kind":"rate","rate_per_s":-3})";
    auto text = stagger::wire::format_limits_file(sound);
    const std::string beside = "\"limits\":{";
    text.insert(text.find(beside) + beside.size(), R"("http://y:80":{"none":{"a":)" + later + R"(,"b":)" +
                                                       further + R"(,"c":)" + damaged + "}},");
    const auto read = stagger::wire::parse_limits_file(text);
    CHECK(read.limits == sound);
    CHECK(read.refused.size() == 3);
    CHECK(read.unread == stagger::wire::entries_as_written{{{"http://y:80", "none", "a"}, later},
                                                           {{"http://y:80", "none", "b"}, further}});
    const auto again =
        stagger::wire::parse_limits_file(stagger::wire::format_limits_file(read.limits, read.unread));
    CHECK(again.limits == sound);
    CHECK(again.unread == read.unread);
    // What was learned since takes its place.
    const auto learned = stagger::wire::parse_limits_file(
        stagger::wire::format_limits_file({{{"http://y:80", "none", "a"}, a_rate(2)}}, read.unread));
    CHECK(learned.limits.size() == 1);
    CHECK(learned.unread.size() == 1);
}

TEST_CASE("names in a message are spelled as in the file, without control characters") {
    CHECK(
        complaint(R"({"format":"stagger limits","version":1,"limits":{"\u001b[2J":{"none":{"a\"b":{}}}}})") ==
        R"(limits["\u001b[2J"]["none"]["a\"b"].kind: must be given, is missing)");
}

TEST_CASE("what could not be read back is not written, and the rest is") {
    const limits_key key{"http://x:80", "none", "m"};
    const auto why = [&](const limits_key& at, const remembered_limits& limits) {
        return stagger::wire::unwritable(at, limits).value_or("");
    };
    CHECK(why(key, a_rate(5)).empty());
    CHECK(why({"http://x:80", "none", "\xff"}, a_rate(5)) == "model: must be UTF-8");
    CHECK(why({"\xff", "none", "m"}, a_rate(5)) == "endpoint: must be UTF-8");
    CHECK(why({"http://x:80", "\xff", "m"}, a_rate(5)) == "account: must be UTF-8");
    CHECK(why(key, a_rate(1e7)) == "rate_per_s: must be > 0 and at most 1e6");
    remembered_limits undated = a_rate(5);
    undated.learned_at.reset();
    CHECK(why(key, undated) == "learned_at: must be given");
    CHECK(why(key, a_rate(5, std::chrono::sys_seconds::max())) == "learned_at: must be a date of this era");

    limits_by_key all{{key, a_rate(5)},
                      {{"http://x:80", "none", "\xff"}, a_rate(5)},
                      {{"http://x:80", "none", "fast"}, a_rate(1e7)},
                      {{"http://y:80", "none", "undated"}, undated}};
    const auto read = stagger::wire::parse_limits_file(stagger::wire::format_limits_file(all));
    CHECK(read.refused.empty());
    CHECK(read.limits == limits_by_key{{key, a_rate(5)}});
}

TEST_CASE("the oldest entries go first") {
    limits_by_key limits{{{"a", "none", ""}, a_rate(1, today)},
                         {{"b", "none", ""}, a_rate(1, today - 2h)},
                         {{"c", "none", ""}, a_rate(1, today - 1h)}};
    stagger::wire::drop_oldest(limits, 2);
    REQUIRE(limits.size() == 1);
    CHECK(limits.begin()->first.endpoint == "a");
    stagger::wire::drop_oldest(limits, 9);
    CHECK(limits.empty());
}

TEST_CASE("a state file of another version is neither sound nor damaged") {
    CHECK_THROWS_WITH_AS(stagger::wire::parse_limits_file(damaged("\"version\":1", "\"version\":2")),
                         "version: must be 1, is 2", stagger::wire::unknown_limits_version);
}

TEST_CASE("what is older than thirty days, or of the future, is not started from and dropped") {
    using stagger::wire::is_fresh;
    CHECK(is_fresh(a_rate(1, today), today));
    CHECK(is_fresh(a_rate(1, today - 30 * 24h), today));
    CHECK_FALSE(is_fresh(a_rate(1, today - 30 * 24h - 1s), today));
    CHECK(is_fresh(a_rate(1, today + 1h), today));
    CHECK_FALSE(is_fresh(a_rate(1, today + 25h), today));
    limits_by_key limits{{{"a", "none", ""}, a_rate(1, today - 31 * 24h)}, {{"b", "none", ""}, a_rate(2)}};
    stagger::wire::drop_old(limits, today);
    REQUIRE(limits.size() == 1);
    CHECK(limits.begin()->first.endpoint == "b");
}

TEST_CASE("beyond a thousand entries the oldest go") {
    limits_by_key limits;
    for (int each = 0; each < 1100; ++each) {
        limits[{"http://x:80", "none", std::to_string(each)}] = a_rate(1, today - std::chrono::seconds(each));
    }
    stagger::wire::drop_old(limits, today);
    CHECK(limits.size() == 1000);
    CHECK(limits.contains({"http://x:80", "none", "999"}));
    CHECK_FALSE(limits.contains({"http://x:80", "none", "1000"}));
}

TEST_CASE("dates are written as RFC 3339 has them") {
    CHECK(stagger::wire::format_rfc3339(std::chrono::sys_seconds{}) == "1970-01-01T00:00:00Z");
    CHECK(stagger::wire::format_rfc3339(std::chrono::sys_days{2024y / 2 / 29} + 23h + 59min + 58s) ==
          "2024-02-29T23:59:58Z");
}
