#include <doctest/doctest.h>

#include <boost/json/serialize.hpp>
#include <string>

#include "report/report_results.hpp"
#include "report/shown_page.hpp"

namespace {

constexpr page_view phone{.width = 390, .height = 844};
constexpr page_view desktop{.width = 1280, .height = 900};

page_view darkened(page_view view) {
    view.dark = true;
    return view;
}

// Contrast as WCAG 2 computes it, for colours of the page's style.
const std::string contrast = R"js(
    const luminance = (name) => {
        const hex = getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();
        const [red, green, blue] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255)
            .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const contrast = (left, right) => {
        const [dark, light] = [luminance(left), luminance(right)].sort((a, b) => a - b);
        return (light + 0.05) / (dark + 0.05);
    };
)js";

double worst_contrast(shown_page& page, const std::string& foregrounds, const std::string& grounds) {
    return page
        .evaluate("(() => {" + contrast + "return Math.min(..." + foregrounds + ".flatMap((each) => " +
                  grounds + ".map((ground) => contrast(each, ground)))); })()")
        .to_number<double>();
}

}  // namespace

TEST_CASE("report in Chromium: no complaint, no request, nothing beside the page, everything drawn") {
    if (!chromium_installed()) return;
    shown_page page({full_results()});
    for (const page_view& view : {phone, desktop, darkened(phone), darkened(desktop)}) {
        CAPTURE(view.width);
        CAPTURE(view.dark);
        page.look(view);
        CHECK(page.in().complaints() == std::vector<std::string>{});
        CHECK(page.in().requests() == std::vector<std::string>{page.url()});
        CHECK(page.evaluate("document.documentElement.scrollWidth - innerWidth").to_number<int>() <= 0);
        // A canvas on which nothing was drawn is transparent everywhere.
        const auto blank = page.evaluate(R"js(
            [...document.querySelectorAll('canvas')].filter((each) => !each.getContext('2d')
                .getImageData(0, 0, each.width, each.height).data.some((value) => value > 0))
                .map((each) => each.outerHTML))js");
        CHECK(boost::json::serialize(blank) == "[]");
        CHECK(page.evaluate("document.querySelectorAll('canvas').length") == 14);
        CHECK(page.in().screenshot().starts_with("\x89PNG"));
    }
}

TEST_CASE("report in Chromium: results that carry markup run nothing and are shown as they are") {
    if (!chromium_installed()) return;
    const std::string hostile =
        R"(</script><script>document.title='ran'</script><img src=x onerror="document.title='ran'"><!--)";
    shown_page page({results_that_say(hostile)});
    CHECK(page.in().complaints() == std::vector<std::string>{});
    CHECK(page.in().requests() == std::vector<std::string>{page.url()});
    CHECK(page.text("document.title") == "2 runs against " + hostile);
    CHECK(page.evaluate("document.querySelectorAll('img').length") == 0);
    CHECK(page.evaluate("document.querySelectorAll('script').length") == 4);
    CHECK(page.text("document.querySelector('.card h3').textContent") == hostile + " #1");
    CHECK(page.text("Chart.getChart(document.querySelector('canvas[data-measure=p99]')).data.labels[0]") ==
          hostile + " #1");
}

TEST_CASE("report in Chromium: the page's policy stops a script that is not its own") {
    if (!chromium_installed()) return;
    shown_page page({full_results()});
    page.evaluate(R"js((() => {
        const stranger = document.createElement('script');
        stranger.textContent = 'document.title = "ran"';
        document.body.append(stranger);
    })())js");
    CHECK(page.text("document.title") == "2 runs against http://127.0.0.1:8080/v1");
}

TEST_CASE(
    "report in Chromium: without scripts the tables are there, and charts say where their numbers are") {
    if (!chromium_installed()) return;
    page_view view = phone;
    view.scripts = false;
    shown_page page({full_results()}, view);
    CHECK(page.in().complaints() == std::vector<std::string>{});
    CHECK(page.evaluate("[...document.querySelectorAll('.plot')].every((each) => each.offsetHeight === 0)") ==
          true);
    CHECK(page.evaluate(
              "[...document.querySelectorAll('.unplotted')].every((each) => each.offsetHeight > 0)") == true);
    CHECK(page.evaluate("document.querySelector('#all-figures').offsetHeight").to_number<int>() > 0);
    // What is folded away opens without a script, too.
    CHECK(page.evaluate("document.querySelectorAll('details table').length").to_number<int>() > 0);
    CHECK(page.evaluate("document.documentElement.scrollWidth - innerWidth").to_number<int>() <= 0);
}

TEST_CASE("report in Chromium: charts follow the colour scheme, and print is dark on white") {
    if (!chromium_installed()) return;
    shown_page page({full_results()}, darkened(desktop));
    const std::string colour =
        "Chart.getChart(document.querySelector('canvas[data-chart=standing]'))"
        ".data.datasets[0].borderColor";
    CHECK(page.text(colour) == "#56b4e9");
    page.evaluate("dispatchEvent(new Event('beforeprint'))");
    CHECK(page.text(colour) == "#0072b2");
    page.evaluate("dispatchEvent(new Event('afterprint'))");
    CHECK(page.text(colour) == "#56b4e9");
    CHECK(page.in().print().starts_with("%PDF"));
    CHECK(page.text(colour) == "#56b4e9");
    page.look(desktop);
    CHECK(page.text(colour) == "#0072b2");
}

TEST_CASE("report in Chromium: contrast is that of WCAG AA in both schemes") {
    if (!chromium_installed()) return;
    constexpr double of_text = 4.5;
    constexpr double of_graphics = 3;
    shown_page page({full_results()});
    for (const page_view& view : {desktop, darkened(desktop)}) {
        CAPTURE(view.dark);
        page.look(view);
        CHECK(worst_contrast(page, "['text', 'muted', 'link']", "['page', 'panel']") >= of_text);
        CHECK(worst_contrast(page, "['warning', 'text']", "['warning-ground']") >= of_text);
        CHECK(worst_contrast(
                  page,
                  "['series-1', 'series-2', 'series-3', 'series-4', 'series-5', 'series-6', 'rejected', "
                  "'limit', 'pace']",
                  "['page']") >= of_graphics);
    }
}

TEST_CASE("report in Chromium: everything has a name for those who do not see it") {
    if (!chromium_installed()) return;
    shown_page page({full_results()});
    const auto none = [&](const std::string& selector) {
        CAPTURE(selector);
        CHECK(page.evaluate("document.querySelectorAll('" + selector + "').length") == 0);
    };
    none("canvas:not([role=img][aria-label])");
    none("figure:not(:has(figcaption))");
    none("table:not(:has(caption))");
    none("th:not([scope])");
    none("html:not([lang])");
    none("section:not(:has(h2))");
    // Wide tables scroll, so they must be reachable by the keyboard.
    none(".table:not([tabindex=\"0\"][aria-label])");
}
