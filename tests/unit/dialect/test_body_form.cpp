#include <doctest/doctest.h>

#include <ostream>
#include <string>

#include "dialect/body_form.hpp"

using namespace stagger::wire;

namespace {

body_form of_type(const std::string& type) {
    return form_of({{"X", "1"}, {"content-TYPE", type}});
}

}  // namespace

TEST_CASE("the type says how the body is written, or leaves it to the body") {
    CHECK((of_type("Text/Event-Stream; charset=utf-8") == body_form::events));
    CHECK((of_type("application/problem+json") == body_form::whole));
    CHECK((of_type("text/html") == body_form::neither));
    CHECK((of_type("text/event-streams") == body_form::neither));
    for (const auto* const silent : {"", "text/plain; charset=utf-8", "application/octet-stream"})
        CHECK((of_type(silent) == body_form::unknown));
    CHECK((form_of({}) == body_form::unknown));
}

TEST_CASE("a body's beginning says how it is written, however it is cut") {
    struct row {
        std::string body;
        body_form form;
        std::size_t enough;  // bytes that tell it
    };
    const row rows[] = {
        {"data: {}\n", body_form::events, 5},  {"\xEF\xBB\xBF\n event: x", body_form::events, 11},
        {": comment", body_form::events, 1},   {"id:7\n", body_form::events, 3},
        {"retry: 10\n", body_form::events, 6}, {" \r\n{\"a\":1}", body_form::whole, 4},
        {"[]", body_form::whole, 1},           {"date: x", body_form::neither, 4},
        {"<html>", body_form::neither, 1},     {"dat\n", body_form::neither, 4},
    };
    for (const auto& [body, form, enough] : rows) {
        for (std::size_t length = 0; length <= body.size(); ++length) {
            CAPTURE(body);
            CAPTURE(length);
            const bool told = length >= enough;
            CHECK((form_of_beginning(body.substr(0, length)) == (told ? form : body_form::unknown)));
        }
    }
}
