#pragma once

#include <string>
#include <vector>

#include "report/browser.hpp"
#include "report/report_page.hpp"
#include "support/temporary_folder.hpp"

/// A report, opened in a browser.
class shown_page {
 public:
    explicit shown_page(const std::vector<app::named_results>& documents, const page_view& view = {})
        : path_(folder_.write("page.html", app::report_page(documents))) {
        look(view);
    }

    /// Opens it again.
    void look(const page_view& view) { in_.open(path_, view); }
    browser& in() { return in_; }
    boost::json::value evaluate(const std::string& expression) { return in_.evaluate(expression); }
    std::string text(const std::string& expression) {
        return std::string(in_.evaluate(expression).as_string());
    }
    std::string url() const { return "file://" + path_; }

 private:
    temporary_folder folder_;
    std::string path_;
    browser in_;
};
