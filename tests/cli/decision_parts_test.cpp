#include <doctest/doctest.h>
#include <sys/stat.h>

#include <fstream>
#include <future>
#include <string>

#include "cli/exit_code.hpp"
#include "records/decision_log.hpp"
#include "sending/decision_log_file.hpp"
#include "sending/decision_summary.hpp"
#include "support/temporary_folder.hpp"

using namespace std::chrono_literals;
namespace decisions = stagger::decisions;
using stagger::coordinator_mode;
using stagger::mode_cause;
using stagger::time_point;

namespace {

constexpr time_point start = time_point() + 1h;

stagger::decision_record abandoned(std::uint64_t permit) {
    return {start, decisions::abandoned{stagger::permit_id{permit}}};
}

/// The permits of a log of abandonments, as far as they count up from 0.
std::uint64_t counted(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    stagger::wire::decision_log_reader log(file, path);
    std::uint64_t count = 0;
    while (const auto record = log.next()) {
        if (record->what != abandoned(count).what) break;
        ++count;
    }
    return count;
}

std::string message_of(app::decision_log_file& log) {
    try {
        log.finish();
    } catch (const app::failure& known) {
        CHECK(known.code() == app::exit_code::file_failed);
        return known.what();
    }
    return {};
}

}  // namespace

TEST_CASE("a decision log file holds what was told until it is finished") {
    const temporary_folder folder;
    const auto path = folder.write("log", std::string(100'000, 'x'));
    app::decision_log_file log(path);
    log.started({}, 1);
    for (std::uint64_t each = 0; each < 100; ++each) log.record(abandoned(each));
    log.finish();
    log.record(abandoned(100));
    log.finish();
    CHECK(counted(path) == 100);
}

TEST_CASE("a decision log file leaves what was there alone until something is decided") {
    const temporary_folder folder;
    const auto path = folder.write("log", "precious");
    {
        app::decision_log_file log(path);
        log.started({}, 1);
    }
    CHECK(folder.read("log") == "precious");
}

TEST_CASE("a decision log behind a slow reader loses no line, however long it gets") {
    const temporary_folder folder;
    const auto path = folder.path("pipe");
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    constexpr std::uint64_t as_many_as_fit = 15'000;  // in one buffer
    constexpr std::uint64_t lines = 120'000;          // several times what both buffers hold
    std::promise<void> most_is_told;
    auto reader = std::async(std::launch::async, [&] {
        std::ifstream opened(path, std::ios::binary);
        most_is_told.get_future().wait();
        stagger::wire::decision_log_reader log(opened, path);
        std::uint64_t count = 0;
        while (const auto record = log.next()) count += record->what == abandoned(count).what;
        return count;
    });
    app::decision_log_file log(path);
    log.started({}, 1);
    for (std::uint64_t each = 0; each < lines; ++each) {
        if (each == as_many_as_fit) most_is_told.set_value();
        log.record(abandoned(each));
    }
    CHECK(message_of(log).empty());
    CHECK(reader.get() == lines);
}

TEST_CASE("a decision log on a full disk says so once it is finished, and holds nobody up") {
    app::decision_log_file log("/dev/full");
    log.started({}, 1);
    for (std::uint64_t each = 0; each < 60'000; ++each) log.record(abandoned(each));
    CHECK(message_of(log) ==
          "/dev/full: No space left on device: the decision log is cut off, the results are not");
}

TEST_CASE("a decision log that cannot be opened is refused at once") {
    const temporary_folder folder;
    CHECK_THROWS_AS(app::decision_log_file(folder.path("none/log")), app::failure);
}

TEST_CASE("a summary counts, splits the waiting by reason and dates the changes of mode") {
    app::decision_summary summary;
    const auto task = stagger::task_id{1};
    const auto permit = stagger::permit_id{1};
    decisions::admitted admitted{task, permit, {}, {}};
    admitted.waited[stagger::wait_reason::pace] = 3s;
    admitted.waited[stagger::wait_reason::closed] = 1s;
    summary.add({start, decisions::submitted{{}, stagger::never, task}});
    summary.add({start + 4s, admitted});
    summary.add({start + 5s, decisions::throttled{permit, {}, start + 5s}});
    summary.add({start + 5s, decisions::mode_changed{coordinator_mode::ramp,
                                                     mode_cause::rejection,
                                                     {coordinator_mode::search, 16, 12.5, 7}}});
    summary.add({start + 6s, decisions::withdrawn{task, false, {}}});
    CHECK(summary.text() ==
          "6.0 s: 1 submitted, 0 resubmitted, 0 withdrawn, 0 expired\n"
          "1 admitted: 0 accepted, 1 rejected, 0 failed, 0 abandoned, 0 without an end\n"
          "waiting before admission 4.0 s in all, 4.000 s each\n"
          "       3.0 s  75.0 %  pace\n"
          "       1.0 s  25.0 %  server admits nothing\n"
          "1 changes of mode\n"
          "     5.000 s  ramp -> search at 16.0/s, limit 12.5/s, 7 in flight: the first refusal: the limit "
          "is reached\n");
}

TEST_CASE("a summary of many changes of mode shows the first ones") {
    app::decision_summary summary;
    for (int each = 0; each < 25; ++each) summary.add({start + 1s * each, decisions::mode_changed{}});
    CHECK(summary.text().find("25 changes of mode\n") != std::string::npos);
    CHECK(summary.text().ends_with("and 5 more\n"));
}

TEST_CASE("changes of mode are explained by where they lead and what they followed from") {
    const auto text = [](coordinator_mode from, coordinator_mode to, mode_cause because) {
        return std::string(app::explain({from, because, {to, 1, {}, {}}}));
    };
    using enum coordinator_mode;
    CHECK(text(search, ride, mode_cause::rejection) == "refusals are far enough apart to measure the limit");
    CHECK(text(ride, search, mode_cause::rejection) == "what was measured holds no longer");
    CHECK(text(ride, closed, mode_cause::rejection).starts_with("the server refuses everything"));
    CHECK(text(ride, closed, mode_cause::failure) == "attempts failed one after the other");
    CHECK(text(closed, ride, mode_cause::admission) == "a request was admitted");
    CHECK(text(closed, ride, mode_cause::time) == "the probe was not refused in time");
    CHECK(text(closed, search, mode_cause::rejection) == "the announced end proved wrong");
}
