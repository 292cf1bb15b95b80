#include "server/request_parser.hpp"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>
#include <optional>

#include "base/decimal.hpp"

namespace stagger::http_server {

namespace http = boost::beast::http;

namespace {

constexpr std::size_t read_size = 4096;        // an ordinary request fits
constexpr std::size_t body_read_size = 65536;  // of what is longer
// Of an announced length that is believed before the bytes are there.
constexpr std::uint64_t most_reserved_bytes = 256 * 1024;
// The shortest rest of a chunked body is "0\r\n\r\n".
constexpr std::size_t shortest_chunked_rest = 5;

using beast_text = boost::beast::string_view;

std::string text_of(beast_text from) {
    return {from.data(), from.size()};
}

unsigned status_of(const error_code& error) {
    if (error == http::error::body_limit) return 413;
    return error == http::error::header_limit ? 431 : 400;
}

}  // namespace

bool same_name(std::string_view left, std::string_view right) {
    return wire::equal_ignoring_case(left, right);
}

std::string_view value_of(const std::vector<wire::field>& fields, std::string_view name) {
    for (const wire::field& one : fields) {
        if (same_name(one.name, name)) return one.value;
    }
    return {};
}

class request_parser::message final : public http::basic_parser<true> {
 public:
    message(request& to, const bounds& allowed) : to_(to) {
        header_limit(allowed.head_bytes);
        body_limit(allowed.body_bytes);
        eager(true);
    }

    /// Beast 1.81 asserts that the last chunk's head does not come in smaller pieces than this.
    std::size_t needed_bytes() const {
        return is_header_done() && chunked() && chunk_left_ == 0 ? shortest_chunked_rest : 1;
    }
    std::uint64_t body_bytes() const { return body_bytes_; }

 private:
    void on_request_impl(http::verb, beast_text method, beast_text target, int version,
                         error_code&) override {
        to_.method = text_of(method);
        to_.target = text_of(target);
        to_.http_1_1 = version >= 11;
    }
    void on_response_impl(int, beast_text, int, error_code&) override {}
    void on_field_impl(http::field which, beast_text name, beast_text value, error_code& error) override {
        if (is_header_done()) return;  // a trailer
        // Whoever passes the request on must not see another end of it (RFC 9112, 6.1).
        if (which == http::field::transfer_encoding &&
            !(to_.http_1_1 && same_name(text_of(value), "chunked")))
            error = http::error::bad_transfer_encoding;
        to_.fields.push_back({text_of(name), text_of(value)});
    }
    void on_header_impl(error_code&) override { to_.keeps_connection = keep_alive(); }
    void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) override {
        if (length) to_.body.reserve(std::min(*length, most_reserved_bytes));
    }
    std::size_t on_body_impl(beast_text piece, error_code&) override { return take(piece); }
    void on_chunk_header_impl(std::uint64_t size, beast_text, error_code&) override { chunk_left_ = size; }
    std::size_t on_chunk_body_impl(std::uint64_t left, beast_text piece, error_code&) override {
        chunk_left_ = left - piece.size();
        return take(piece);
    }
    void on_finish_impl(error_code&) override {}

    std::size_t take(beast_text piece) {
        to_.body.append(piece.data(), piece.size());
        body_bytes_ += piece.size();
        return piece.size();
    }

    request& to_;
    std::uint64_t chunk_left_ = 0;
    std::uint64_t body_bytes_ = 0;
};

struct request_parser::state {
    explicit state(const bounds& chosen) : allowed(chosen) {}

    const bounds& allowed;
    std::string bytes;  // of which [first, last) are received and not yet parsed
    std::size_t first = 0;
    std::size_t last = 0;
    request asked;
    std::optional<message> reading;
};

request_parser::request_parser(const bounds& allowed) : state_(std::make_unique<state>(allowed)) {
    begin();
}

request_parser::~request_parser() = default;

void request_parser::begin() {
    state& my = *state_;
    my.asked = {};
    my.reading.emplace(my.asked, my.allowed);
}

void request_parser::release_room() {
    state& my = *state_;
    if (my.first < my.last) return;
    std::string().swap(my.bytes);  // assigning it would keep the memory
    my.first = my.last = 0;
}

std::span<char> request_parser::room() {
    state& my = *state_;
    if (my.first > 0) {
        my.bytes.erase(0, my.first);
        my.last -= my.first;
        my.first = 0;
    }
    const bool is_long = my.reading->body_bytes() > read_size && !my.reading->is_done();
    const std::size_t wanted = is_long ? body_read_size : read_size;
    if (my.bytes.size() - my.last < wanted) my.bytes.resize(my.last + wanted);
    return {my.bytes.data() + my.last, wanted};
}

void request_parser::received(std::size_t count) {
    state_->last += count;
}

unsigned request_parser::parse() {
    state& my = *state_;
    while (!is_whole() && my.last - my.first >= my.reading->needed_bytes()) {
        error_code error;
        my.first += my.reading->put({my.bytes.data() + my.first, my.last - my.first}, error);
        if (error == http::error::need_more) break;
        if (error) return status_of(error);
    }
    // What is left over is a piece of the head, one line of a chunk, or the trailers.
    return !is_whole() && ahead() > my.allowed.head_bytes ? 431 : 0;
}

bool request_parser::begun() const {
    return state_->reading->got_some() || ahead() > 0;
}

bool request_parser::head_is_whole() const {
    return state_->reading->is_header_done();
}

bool request_parser::is_whole() const {
    return state_->reading->is_done();
}

std::uint64_t request_parser::body_bytes() const {
    return state_->reading->body_bytes();
}

std::size_t request_parser::ahead() const {
    return state_->last - state_->first;
}

request& request_parser::current() {
    return state_->asked;
}

}  // namespace stagger::http_server
