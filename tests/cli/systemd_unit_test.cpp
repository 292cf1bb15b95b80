#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "cli/child.hpp"
#include "support/temporary_folder.hpp"

namespace {

const std::string analyze = "/usr/bin/systemd-analyze";

std::string unit_text() {
    std::ifstream file(SYSTEMD_UNIT);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// The unit as if the command were installed.
std::string unit_with_program(const temporary_folder& folder) {
    std::string text = unit_text();
    const std::string start = "\nExecStart=stagger ";
    const auto at = text.find(start);
    REQUIRE(at != text.npos);
    text.replace(at, start.size(), "\nExecStart=" + std::string(STAGGER_COMMAND) + " ");
    return folder.write("stagger-serve.service", text);
}

}  // namespace

TEST_CASE("systemd unit: systemd finds nothing wrong with it, nor much that it may do") {
    if (!std::filesystem::exists(analyze)) {
        MESSAGE("systemd-analyze is not installed");
        return;
    }
    const temporary_folder folder;
    const auto unit = unit_with_program(folder);
    const auto verified = run({analyze, {"verify", "--man=no", unit}});
    CHECK(verified.code == 0);
    CHECK(verified.err == "");
    // In tenths of ten points, of which less is better: beyond the network little is left to take away.
    const auto rated = run({analyze, {"security", "--offline=true", "--no-pager", "--threshold=20", unit}});
    CAPTURE(rated.out);
    CAPTURE(rated.err);
    CHECK(rated.code == 0);
}

TEST_CASE("systemd unit: it names the folders that the command looks in") {
    const std::string text = unit_text();
    for (const auto* line :
         {"Environment=XDG_CONFIG_HOME=/etc XDG_STATE_HOME=/var/lib", "StateDirectory=stagger",
          "DynamicUser=yes", "ConditionPathExists=|/etc/stagger/config.toml",
          "ExecReload=/bin/kill -HUP $MAINPID"}) {
        CAPTURE(line);
        CHECK(text.find("\n" + std::string(line) + "\n") != std::string::npos);
    }
}

TEST_CASE(
    "systemd unit: the socket is that of the service, on the loopback, and systemd finds nothing wrong with "
    "both") {
    std::ifstream file(SYSTEMD_SOCKET);
    const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    CHECK(text.find("\nListenStream=127.0.0.1:8484\n") != std::string::npos);
    if (!std::filesystem::exists(analyze)) {
        MESSAGE("systemd-analyze is not installed");
        return;
    }
    const temporary_folder folder;
    const auto service = unit_with_program(folder);
    const auto socket = folder.write("stagger-serve.socket", text);
    const auto verified = run({analyze, {"verify", "--man=no", service, socket}});
    CHECK(verified.code == 0);
    CHECK(verified.err == "");
}
