#include <doctest/doctest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "cli/servers.hpp"
#include "net/loopback_client.hpp"
#include "report/browser.hpp"

namespace {

using stagger::test::loopback_client;

const std::string hostile = "<img src=x onerror=alert(1)>";

std::uint16_t port_behind(const std::string& text, const std::string& begin) {
    const auto at = text.find(begin);
    REQUIRE(at != text.npos);
    return static_cast<std::uint16_t>(std::stoul(text.substr(at + begin.size())));
}

std::string call(const std::string& priority) {
    const std::string body = R"({"model":")" + hostile + R"("})";
    return "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nx-stagger-priority: " + priority +
           "\r\nx-stagger-tenant: of " + priority + "\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
}

/// One call upstream that never ends, and six that wait behind it: a state that stays.
class held_line {
 public:
    held_line()
        : gate_({STAGGER_COMMAND,
                 {"serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--max-concurrency", "1",
                  "--base-url", upstream_.base_url()}}) {
        gate_.await_output("/v1\n");
        gate_.await_error("/\n");
        const auto port = port_behind(gate_.output(), "listening on http://127.0.0.1:");
        admin_port_ = port_behind(gate_.errors(), "status at http://127.0.0.1:");
        add(port, "normal");
        upstream_.await_request();
        for (int i = 0; i < 4; ++i) add(port, "batch");
        for (int i = 0; i < 2; ++i) add(port, "interactive");
        for (int round = 0; round < 100'000 && length() != 6; ++round) {
        }
        REQUIRE(length() == 6);
    }

    std::string page() const { return "http://127.0.0.1:" + std::to_string(admin_port_) + "/"; }
    boost::json::value status() const {
        loopback_client admin(admin_port_);
        return boost::json::parse(admin.ask("GET /-/status.json HTTP/1.1\r\nHost: localhost\r\n\r\n").body);
    }

 private:
    std::int64_t length() const { return status().at("line").at("length").as_int64(); }
    void add(std::uint16_t port, const std::string& priority) {
        clients_.emplace_back(port).say(call(priority));
    }

    silent_server upstream_;
    child gate_;
    std::uint16_t admin_port_ = 0;
    std::vector<loopback_client> clients_;
};

std::string text(browser& in, const std::string& id) {
    return std::string(in.evaluate("document.getElementById('" + id + "').textContent").as_string());
}

/// Pictures are kept where STAGGER_PICTURES names a folder, for whoever wants to look at them.
void keep_picture(const std::string& bytes, const page_view& view) {
    const char* folder = std::getenv("STAGGER_PICTURES");
    if (!folder) return;
    const std::string name = std::string(view.width < 600 ? "phone" : "desktop") + (view.dark ? "_dark" : "");
    std::ofstream(std::filesystem::path(folder) / ("status_" + name + ".png"), std::ios::binary) << bytes;
}

}  // namespace

TEST_CASE(
    "status page in Chromium: its numbers are those of status.json, on a phone and a desktop, light and "
    "dark") {
    if (!chromium_installed()) return;
    const held_line line;
    browser shown;
    for (const unsigned width : {390U, 1280U}) {
        for (const bool dark : {false, true}) {
            const page_view view{.width = width, .height = 900, .dark = dark};
            CAPTURE(width);
            CAPTURE(dark);
            shown.open_url(line.page(), view);
            // The script asks by itself; this waits for the same.
            shown.evaluate("ask()");
            const auto status = line.status();
            CHECK(text(shown, "upstream") == std::string(status.at("upstream").as_string()));
            CHECK(text(shown, "waiting") == "6");
            CHECK(text(shown, "in_flight") == "1");
            CHECK(text(shown, "limit") == "not known");
            CHECK(text(shown, "refused") == "0 of 1");
            CHECK(text(shown, "why") == "The next call waits until one of those in flight ends.");
            CHECK(shown.evaluate("[...document.querySelectorAll('#classes tr')].map((each) => "
                                 "each.cells[0].textContent + each.cells[1].textContent).join()") ==
                  "interactive2,normal0,batch4");
            CHECK(shown.evaluate("document.querySelectorAll('#tenants tr').length") == 2);
            CHECK(shown.evaluate("document.querySelectorAll('#calls li').length") == 6);
            CHECK(
                shown.evaluate("document.querySelector('#calls li').textContent").as_string().find(hostile) !=
                std::string::npos);
            CHECK(shown.evaluate("document.querySelectorAll('img').length") == 0);
            CHECK(shown.evaluate("document.documentElement.scrollWidth - innerWidth").to_number<int>() <= 0);
            CHECK(shown.complaints() == std::vector<std::string>{});
            for (const auto& asked : shown.requests())
                CHECK((asked.starts_with(line.page()) || asked.starts_with("data:")));
            const std::string picture = shown.screenshot();
            CHECK(picture.starts_with("\x89PNG"));
            keep_picture(picture, view);
        }
    }
}

TEST_CASE("status page in Chromium: a gateway that has gone is told") {
    if (!chromium_installed()) return;
    browser shown;
    {
        const held_line line;
        shown.open_url(line.page(), {});
        shown.evaluate("ask()");
        CHECK(text(shown, "waiting") == "6");
    }
    shown.evaluate("ask()");
    CHECK(text(shown, "state").find("does not answer") != std::string::npos);
    CHECK(text(shown, "waiting") == "6");
}
