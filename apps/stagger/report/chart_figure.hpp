#pragma once

#include <string>
#include <utility>
#include <vector>

namespace app {

/// A place on the page where charts.js draws a chart.
struct chart_figure {
    std::string title;
    std::string caption;  ///< how to read it; may be empty
    std::string kind;     ///< a name of charts.js
    /// What the chart is told beside its kind: names and values of data attributes.
    std::vector<std::pair<std::string, std::string>> told = {};
    std::string height = {};  ///< a class of page.css; empty: the usual one
};

/// The height of bars that lie above each other. Heights are classes, since the page allows no styles of its
/// own.
/// @param keys whether they have a legend
std::string height_of_bars(std::size_t bars, bool keys);

/// All texts are plain ones.
std::string html(const chart_figure& figure);

}  // namespace app
