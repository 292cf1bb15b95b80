#include "report/browser.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <filesystem>
#include <stdexcept>

namespace {

namespace json = boost::json;

std::string chromium_program() {
    for (const auto* path : {"/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"}) {
        if (std::filesystem::exists(path)) return path;
    }
    return {};
}

// Chromium speaks on its files 3 and 4, which a shell lays onto the standard streams that a test holds.
child_setup headless(const std::string& profile) {
    child_setup setup{"/bin/sh", {"-c", R"(exec "$@" 3<&0 4>&1 </dev/null >&2)", "sh", chromium_program()}};
    for (const char* option : {"--headless=new", "--remote-debugging-pipe", "--no-first-run", "--disable-gpu",
                               "--disable-background-networking", "--disable-component-update",
                               "--disable-sync", "--disable-extensions", "--disable-dev-shm-usage",
                               "--hide-scrollbars", "--force-device-scale-factor=1"}) {
        setup.arguments.emplace_back(option);
    }
    // Its sandbox refuses to work for root, as which tests in a container run.
    if (::geteuid() == 0) setup.arguments.emplace_back("--no-sandbox");
    setup.arguments.push_back("--user-data-dir=" + profile);
    setup.arguments.emplace_back("about:blank");
    setup.environment = {{"HOME", profile}};
    setup.keep_input_open = true;
    return setup;
}

std::string from_base64(std::string_view text) {
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string bytes;
    std::uint32_t bits = 0;
    unsigned held = 0;
    for (const char each : text) {
        const auto digit = digits.find(each);
        if (digit == digits.npos) break;  // padding
        bits = bits << 6 | static_cast<std::uint32_t>(digit);
        held += 6;
        if (held < 8) continue;
        held -= 8;
        bytes += static_cast<char>(bits >> held & 0xff);
    }
    return bytes;
}

}  // namespace

bool chromium_installed() {
    if (!chromium_program().empty()) return true;
    MESSAGE("skipped: chromium is not installed");
    return false;
}

browser::browser() : program_(std::make_unique<child>(headless(profile_.path("profile")))) {
    const auto target = call("Target.createTarget", {{"url", "about:blank"}});
    const auto attached =
        call("Target.attachToTarget", {{"targetId", target.at("targetId")}, {"flatten", true}});
    session_ = attached.at("sessionId").as_string();
    for (const char* domain : {"Page", "Runtime", "Log", "Network"}) call(std::string(domain) + ".enable");
}

browser::~browser() {
    try {
        session_.clear();
        call("Browser.close");
        program_->close_input();
        program_->wait();
    } catch (const std::exception& stuck) {
        MESSAGE("Chromium did not end by itself: " << stuck.what());
    }
}

void browser::open_url(const std::string& url, const page_view& view) {
    call("Emulation.setDeviceMetricsOverride", {{"width", view.width},
                                                {"height", view.height},
                                                {"deviceScaleFactor", 1},
                                                {"mobile", view.width < 600}});
    const json::object scheme{{"name", "prefers-color-scheme"}, {"value", view.dark ? "dark" : "light"}};
    call("Emulation.setEmulatedMedia", {{"features", json::array{scheme}}});
    call("Emulation.setScriptExecutionDisabled", {{"value", !view.scripts}});
    complaints_.clear();
    requests_.clear();
    loaded_ = false;
    call("Page.navigate", {{"url", url}});
    while (!loaded_) note(next_message());
}

json::value browser::evaluate(const std::string& expression) {
    const auto answer = call("Runtime.evaluate",
                             {{"expression", expression}, {"returnByValue", true}, {"awaitPromise", true}});
    if (const auto* thrown = answer.if_contains("exceptionDetails")) {
        throw std::runtime_error(expression + ": " + json::serialize(*thrown));
    }
    const json::object& result = answer.at("result").as_object();
    return result.contains("value") ? result.at("value") : json::value();
}

std::string browser::screenshot() {
    const auto answer = call("Page.captureScreenshot", {{"captureBeyondViewport", true}});
    return from_base64(answer.at("data").as_string());
}

std::string browser::print() {
    const auto answer = call("Page.printToPDF", {{"printBackground", true}, {"preferCSSPageSize", true}});
    return from_base64(answer.at("data").as_string());
}

json::object browser::call(const std::string& method, json::object parameters) {
    json::object command{{"id", ++last_id_}, {"method", method}, {"params", std::move(parameters)}};
    if (!session_.empty()) command["sessionId"] = session_;
    program_->write_input(json::serialize(command) + '\0');
    for (;;) {
        json::object message = next_message();
        const auto* id = message.if_contains("id");
        if (!id) {
            note(message);
        } else if (*id == last_id_) {
            if (const auto* error = message.if_contains("error")) {
                throw std::runtime_error(method + ": " + json::serialize(*error));
            }
            return message.at("result").as_object();
        }
    }
}

json::object browser::next_message() {
    std::size_t end = 0;
    program_->await([&] {
        end = program_->output().find('\0', read_);
        return end != std::string::npos;
    });
    const auto message = std::string_view(program_->output()).substr(read_, end - read_);
    read_ = end + 1;
    return json::parse({message.data(), message.size()}).as_object();
}

void browser::note(const json::object& event) {
    const auto* method = event.if_contains("method");
    if (!method) return;
    const json::object& told = event.at("params").as_object();
    if (*method == "Page.loadEventFired") loaded_ = true;
    if (*method == "Network.requestWillBeSent") {
        requests_.emplace_back(told.at("request").at("url").as_string());
    }
    if (*method == "Runtime.consoleAPICalled" || *method == "Runtime.exceptionThrown" ||
        *method == "Log.entryAdded") {
        complaints_.push_back(json::serialize(told));
    }
}
