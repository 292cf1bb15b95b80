#include "server/answer_head.hpp"

#include <array>
#include <charconv>
#include <ctime>

namespace stagger::http_server {

namespace {

/// Made once a second.
const std::string& date_now(std::chrono::sys_seconds now) {
    thread_local std::chrono::sys_seconds made_for{std::chrono::seconds(-1)};
    thread_local std::string made;
    if (made_for != now) {
        made = format_http_date(now);
        made_for = now;
    }
    return made;
}

}  // namespace

std::string_view reason_phrase(unsigned status) {
    switch (status) {
        case 100:
            return "Continue";
        case 102:
            return "Processing";
        case 200:
            return "OK";
        case 201:
            return "Created";
        case 202:
            return "Accepted";
        case 204:
            return "No Content";
        case 304:
            return "Not Modified";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 413:
            return "Content Too Large";
        case 421:
            return "Misdirected Request";
        case 422:
            return "Unprocessable Content";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 501:
            return "Not Implemented";
        case 502:
            return "Bad Gateway";
        case 503:
            return "Service Unavailable";
        case 504:
            return "Gateway Timeout";
        default:
            break;
    }
    if (status < 300) return "Success";
    if (status < 400) return "Redirection";
    return status < 500 ? "Client Error" : "Server Error";
}

bool has_no_body(unsigned status) {
    return status / 100 == 1 || status == 204 || status == 304;
}

// In the C locale, which nothing in these programs changes.
std::string format_http_date(std::chrono::sys_seconds when) {
    const auto seconds = static_cast<std::time_t>(when.time_since_epoch().count());
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    std::array<char, 64> text{};
    return {text.data(), std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

std::string format_head(const answer_head& head, std::string_view connection, bool chunked,
                        std::chrono::sys_seconds now) {
    std::string text = "HTTP/1.1 " + std::to_string(head.status) + " ";
    text.append(reason_phrase(head.status)).append("\r\n");
    if (!head.dated) text.append("Date: ").append(date_now(now)).append("\r\n");
    text.append(head.lines);
    if (!has_no_body(head.status)) {
        if (head.length) {
            text.append("Content-Length: ").append(std::to_string(*head.length)).append("\r\n");
        } else if (chunked) {
            text.append("Transfer-Encoding: chunked\r\n");
        }
    }
    if (!connection.empty()) text.append("Connection: ").append(connection).append("\r\n");
    return text.append("\r\n");
}

void append_chunk(std::string& to, std::string_view bytes) {
    std::array<char, 16> size{};
    const auto end = std::to_chars(size.data(), size.data() + size.size(), bytes.size(), 16).ptr;
    to.append(size.data(), end).append("\r\n").append(bytes).append("\r\n");
}

}  // namespace stagger::http_server
