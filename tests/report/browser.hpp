#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <memory>
#include <string>
#include <vector>

#include "cli/child.hpp"
#include "support/temporary_folder.hpp"

/// False, and a message that makes ctest call the test skipped, where Chromium is missing.
bool chromium_installed();

/// How a page is looked at.
struct page_view {
    unsigned width = 1280;
    unsigned height = 900;
    bool dark = false;
    bool scripts = true;
};

/** A headless Chromium, told what to do by the protocol of its developer tools, over pipes.
 *
 * It keeps what a page must not cause: messages on the console, and requests.
 */
class browser {
 public:
    browser();
    browser(const browser&) = delete;
    browser& operator=(const browser&) = delete;
    ~browser();

    /// Opens a file and returns once it is loaded; forgets what the last one caused.
    void open(const std::string& path, const page_view& view) { open_url("file://" + path, view); }
    void open_url(const std::string& url, const page_view& view);
    /// The value of an expression in the page.
    boost::json::value evaluate(const std::string& expression);
    /// The whole page as PNG, as bytes.
    std::string screenshot();
    /// The page as it is printed, as PDF.
    std::string print();

    /// Messages on the console, uncaught exceptions and violations of the page's policy.
    const std::vector<std::string>& complaints() const { return complaints_; }
    /// What the page asked for, itself included.
    const std::vector<std::string>& requests() const { return requests_; }

 private:
    boost::json::object call(const std::string& method, boost::json::object parameters = {});
    boost::json::object next_message();
    void note(const boost::json::object& event);

    temporary_folder profile_;
    std::unique_ptr<child> program_;
    std::size_t read_ = 0;  ///< of the program's output
    int last_id_ = 0;
    std::string session_;
    bool loaded_ = false;
    std::vector<std::string> complaints_;
    std::vector<std::string> requests_;
};
