#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "sending/account_name.hpp"
#include "sending/limits_file.hpp"
#include "sending/probing_text.hpp"
#include "sending/run_memory.hpp"
#include "support/temporary_folder.hpp"
#include "terminal/duration_text.hpp"

using namespace std::chrono_literals;
using stagger::wire::limits_by_key;

namespace {

constexpr std::chrono::sys_seconds today{1'700'000'000s};

app::limits_file::edit put(const std::string& model, double rate = 5) {
    return [model, rate](limits_by_key& limits) {
        stagger::remembered_limits learned;
        learned.rate_per_s = rate;
        learned.learned_at = today;
        limits[{"http://x:80", "none", model}] = learned;
    };
}

unsigned mode_of(const std::string& path) {
    struct stat info {};
    REQUIRE(::stat(path.c_str(), &info) == 0);
    return info.st_mode & 0777;
}

std::size_t files_in(const std::string& folder) {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& each : std::filesystem::directory_iterator(folder)) ++count;
    return count;
}

}  // namespace

TEST_CASE("limits are kept in files of the user's own") {
    const temporary_folder folder;
    const app::limits_file file(folder.path("state/stagger/limits.json"));
    CHECK(file.read().limits.empty());
    CHECK_FALSE(file.read().wrong);
    CHECK_FALSE(file.update(put("m"), today));
    CHECK(mode_of(folder.path("state")) == 0700);
    CHECK(mode_of(folder.path("state/stagger")) == 0700);
    CHECK(mode_of(folder.path("state/stagger/limits.json")) == 0600);
    CHECK(mode_of(folder.path("state/stagger/limits.json.lock")) == 0600);
    CHECK(files_in(folder.path("state/stagger")) == 2);
    CHECK(file.read().limits.size() == 1);
}

TEST_CASE("what several write at once is all kept") {
    const temporary_folder folder;
    const std::string path = folder.path("limits.json");
    constexpr int writers = 4;
    constexpr int each_writes = 10;
    std::vector<std::thread> threads;
    for (int writer = 0; writer < writers; ++writer) {
        threads.emplace_back([&path, writer] {
            const app::limits_file file(path);
            for (int entry = 0; entry < each_writes; ++entry) {
                file.update(put(std::to_string(writer) + "/" + std::to_string(entry)), today);
            }
        });
    }
    for (auto& each : threads) each.join();
    CHECK(app::limits_file(path).read().limits.size() == writers * each_writes);
    CHECK(files_in(folder.path("")) == 2);
}

TEST_CASE("old entries are gone after writing") {
    const temporary_folder folder;
    const app::limits_file file(folder.path("limits.json"));
    CHECK_FALSE(file.update(put("old"), today));
    CHECK_FALSE(file.update([](limits_by_key&) {}, today + 31 * 24h));
    CHECK(file.read().limits.empty());
}

TEST_CASE("a damaged file is named, and replaced by a good one") {
    const temporary_folder folder;
    const app::limits_file file(folder.write("limits.json", R"({"format":"stagger limits")"));
    const auto damaged = file.read();
    REQUIRE(damaged.wrong);
    CHECK(damaged.wrong->damaged);
    CHECK(damaged.wrong->text.starts_with(folder.path("limits.json") + ": must be JSON, "));
    CHECK(damaged.limits.empty());
    CHECK_FALSE(file.update(put("m"), today));
    CHECK(file.read().limits.size() == 1);
}

TEST_CASE("one entry that is not sound is named, and gone with the next writing; the others stay") {
    const temporary_folder folder;
    const app::limits_file file(folder.path("limits.json"));
    CHECK_FALSE(file.update(put("good"), today));
    std::string text = folder.read("limits.json");
    text.insert(text.find("\"good\""), R"("bad":{"kind":"rate","rate_per_s":-1,"rejections":0},)");
    folder.write("limits.json", text);
    const auto read = file.read();
    CHECK_FALSE(read.wrong);
    CHECK(read.limits.size() == 1);
    REQUIRE(read.refused.size() == 1);
    CHECK(read.refused.front() == folder.path("limits.json") +
                                      R"(: limits["http://x:80"]["none"]["bad"].rate_per_s: )"
                                      "must be > 0 and at most 1e6, is -1");
    CHECK_FALSE(file.update(put("better"), today));
    CHECK(file.read().limits.size() == 2);
    CHECK(file.read().refused.empty());
}

TEST_CASE("an entry of a later version stays until it is forgotten, or something is learned in its place") {
    const temporary_folder folder;
    const app::limits_file file(folder.path("limits.json"));
    CHECK_FALSE(file.update(put("good"), today));
    const std::string later = R"("later":{"kind":"tides","moon":[1,2]})";
    std::string text = folder.read("limits.json");
    text.insert(text.find("\"good\""), later + ",");
    folder.write("limits.json", text);
    CHECK_FALSE(file.update(put("better"), today));
    CHECK(file.read().limits.size() == 2);
    CHECK(folder.read("limits.json").find(later) != std::string::npos);
    SUBCASE("forgotten") {
        const auto forget = [](limits_by_key& limits) {
            std::erase_if(limits, [](const auto& entry) { return entry.first.model == "later"; });
        };
        CHECK_FALSE(file.update(forget, today));
        CHECK(file.read().limits.size() == 2);
    }
    SUBCASE("learned") {
        CHECK_FALSE(file.update(put("later"), today));
        CHECK(file.read().limits.size() == 3);
    }
    CHECK(file.read().refused.empty());
}

TEST_CASE("what could not be read back is refused, and harms nothing that is there") {
    const temporary_folder folder;
    const app::limits_file file(folder.path("limits.json"));
    CHECK_FALSE(file.update(put("good"), today));
    for (const auto& change : {put("\xff"), put("fast", 1e9), put("none", 0)}) {
        const auto refused = file.update(change, today);
        REQUIRE(refused);
        CHECK(refused->text.starts_with(folder.path("limits.json") + ": "));
        CHECK_FALSE(file.read().wrong);
        CHECK(file.read().refused.empty());
        CHECK(file.read().limits.size() == 1);
    }
}

TEST_CASE("a file that would be too large to be read loses the oldest entries") {
    const temporary_folder folder;
    const app::limits_file file(folder.path("limits.json"));
    const auto put_many = [](limits_by_key& limits) {
        for (int each = 0; each < 900; ++each) {
            const auto name = std::to_string(each) + std::string(8000, 'm');
            put(name)(limits);
            limits[{"http://x:80", "none", name}].learned_at = today - std::chrono::seconds(each);
        }
    };
    CHECK_FALSE(file.update(put_many, today));
    const auto read = file.read();
    CHECK_FALSE(read.wrong);
    CHECK(read.limits.size() > 100);
    CHECK(read.limits.size() < 900);
    CHECK(read.limits.contains({"http://x:80", "none", "0" + std::string(8000, 'm')}));
}

TEST_CASE("a file of another version is left alone") {
    const temporary_folder folder;
    const std::string text = R"({"format":"stagger limits","version":2,"more":[]})";
    const app::limits_file file(folder.write("limits.json", text));
    REQUIRE(file.read().wrong);
    CHECK_FALSE(file.read().wrong->damaged);
    const auto failed = file.update(put("m"), today);
    REQUIRE(failed);
    CHECK(failed->text == folder.path("limits.json") + ": version: must be 1, is 2; it is left alone");
    CHECK(folder.read("limits.json") == text);
}

TEST_CASE("what cannot be written or read is named") {
    const temporary_folder folder;
    folder.write("file", "");
    const auto below_a_file =
        app::limits_file(folder.path("file/stagger/limits.json")).update(put("m"), today);
    REQUIRE(below_a_file);
    CHECK(below_a_file->text == folder.path("file/stagger") + ": Not a directory");
    std::filesystem::create_directories(folder.path("limits.json"));
    const auto read = app::limits_file(folder.path("limits.json")).read();
    REQUIRE(read.wrong);
    CHECK(read.wrong->text == folder.path("limits.json") + ": Is a directory");
    CHECK_FALSE(read.wrong->damaged);
}

TEST_CASE("an account has a name that does not reveal its key") {
    CHECK(app::account_name("") == "none");
    const auto name = app::account_name("sk-secret");
    CHECK(name.size() == 12);
    CHECK(name.find_first_not_of("0123456789abcdef") == std::string::npos);
    // Of "stagger account: sk-secret", by sha256sum.
    CHECK(name == "2fccf4fc9658");
    CHECK(name != app::account_name("sk-secret2"));
}

TEST_CASE("an endpoint is spelled in one way") {
    CHECK(app::endpoint_name("https://API.Example.com/v1/") == "https://api.example.com:443/v1");
    CHECK(app::endpoint_name("https://api.example.com:443/v1") == "https://api.example.com:443/v1");
    CHECK(app::endpoint_name("http://127.0.0.1:8000/V1") == "http://127.0.0.1:8000/V1");
    CHECK(app::endpoint_name("http://[::1]") == "http://[::1]:80");
    CHECK_THROWS_AS(app::endpoint_name("ftp://x"), std::invalid_argument);
}

TEST_CASE("how hard a limit is tested reads as a percentage, a fraction or off") {
    CHECK(app::parse_probing("1%") == 0.01);
    CHECK(*app::parse_probing("0.5%") == doctest::Approx(0.005));
    CHECK(app::parse_probing("0.02") == 0.02);
    CHECK(app::parse_probing("20%") == 0.2);
    CHECK(app::parse_probing("0.1%") == 0.001);
    CHECK(app::parse_probing("off") == 0);
    for (const auto* wrong :
         {"", "%", "0", "0%", "0.05%", "21%", "1", "-1%", "1 %", "on", "1%%", "nan", "1e-2", "0x1"}) {
        CAPTURE(wrong);
        CHECK_FALSE(app::parse_probing(wrong));
    }
}

TEST_CASE("ages for people have one unit") {
    CHECK(app::format_age(0s) == "less than a minute ago");
    CHECK(app::format_age(-3h) == "less than a minute ago");  // a clock was put right
    CHECK(app::format_age(60s) == "1 minute ago");
    CHECK(app::format_age(119min) == "1 hour ago");
    CHECK(app::format_age(2h) == "2 hours ago");
    CHECK(app::format_age(24h * 3) == "3 days ago");
}
