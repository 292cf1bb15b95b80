#pragma once

#include <string_view>

/// Files that the build puts into the program, by their names; see cmake/stagger_embed.cmake.
namespace app::embedded {

extern const std::string_view chart_min_js;  ///< Chart.js, as Debian packs it
extern const std::string_view charts_js;
extern const std::string_view look_js;
extern const std::string_view page_css;
extern const std::string_view page_html;

}  // namespace app::embedded
