#include "http/answer_parser.hpp"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>
#include <limits>
#include <optional>
#include <utility>

namespace stagger {

namespace http = boost::beast::http;

namespace {

// One read takes a usual answer whole.
constexpr std::size_t read_size = 8192;
// A usual answer has about ten fields.
constexpr std::size_t usual_fields = 16;
// Of an announced length that is believed before the bytes are there.
constexpr std::size_t most_reserved_bytes = 256 * 1024;
// Interim answers (1xx) that are skipped before the real one: more are an attack, not a protocol.
constexpr int max_interim_answers = 16;
// The shortest rest of a chunked body is "0\r\n\r\n".
constexpr std::size_t shortest_chunked_rest = 5;

using beast_text = boost::beast::string_view;

bool is_chunked_only(beast_text value) {
    constexpr std::string_view chunked = "chunked";
    return std::equal(value.begin(), value.end(), chunked.begin(), chunked.end(),
                      [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 'a' - 'A' : a) == b; });
}

errc meaning_of(const error_code& error) {
    const bool past_bound = error == http::error::header_limit || error == http::error::body_limit ||
                            error == http::error::buffer_overflow;
    return past_bound ? errc::answer_too_large : errc::malformed_answer;
}

}  // namespace

/// One answer, interim or final. Writes fields and body where they are wanted at once, instead of into a
/// message of Beast's own.
class answer_parser::message final : public http::basic_parser<false> {
 public:
    message(wire::response& answer, std::size_t max_head_bytes, std::size_t max_body_bytes)
        : answer_(answer) {
        header_limit(static_cast<std::uint32_t>(
            std::min<std::size_t>(max_head_bytes, std::numeric_limits<std::uint32_t>::max())));
        body_limit(max_body_bytes);
        eager(true);
    }

    /// Beast 1.81 asserts that the last chunk's head does not come in smaller pieces than this.
    std::size_t needed_bytes() const {
        return is_header_done() && chunked() && chunk_left_ == 0 ? shortest_chunked_rest : 1;
    }
    bool announces_body_that_may_not_be() const {
        return (answer_.status == 204 || answer_.status == 304) &&
               (chunked() || content_length().value_or(0) > 0);
    }

 private:
    void on_request_impl(http::verb, beast_text, beast_text, int, error_code&) override {}
    void on_response_impl(int code, beast_text, int version, error_code& error) override {
        // Nobody asked for another protocol.
        if (code == 101 || code < 100) error = http::error::bad_status;
        answer_.status = static_cast<unsigned>(code);
        is_http_1_0_ = version < 11;
    }
    void on_field_impl(http::field which, beast_text name, beast_text value, error_code& error) override {
        if (is_header_done()) return;  // a trailer
        // What is encoded in another way, or by a version that does not know of it, has no certain end.
        if (which == http::field::transfer_encoding && (is_http_1_0_ || !is_chunked_only(value))) {
            error = http::error::bad_transfer_encoding;
        }
        keep_field(name, value);
    }
    void on_header_impl(error_code&) override {
        answer_.fields.resize(fields_);
        answer_.ends_with_connection = need_eof();
    }
    void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) override {
        if (length) answer_.body.reserve(std::min<std::uint64_t>(*length, most_reserved_bytes));
    }
    std::size_t on_body_impl(beast_text piece, error_code&) override {
        answer_.body.append(piece.data(), piece.size());
        return piece.size();
    }
    void on_chunk_header_impl(std::uint64_t size, beast_text, error_code&) override { chunk_left_ = size; }
    std::size_t on_chunk_body_impl(std::uint64_t left, beast_text piece, error_code&) override {
        answer_.body.append(piece.data(), piece.size());
        chunk_left_ = left - piece.size();
        return piece.size();
    }
    void on_finish_impl(error_code&) override {}

    // Into the memory of the last answer's fields, which are about as many and as long.
    void keep_field(beast_text name, beast_text value) {
        if (fields_ == answer_.fields.size()) answer_.fields.emplace_back();
        wire::field& kept = answer_.fields[fields_++];
        kept.name.assign(name.data(), name.size());
        kept.value.assign(value.data(), value.size());
    }

    wire::response& answer_;
    std::size_t fields_ = 0;
    std::uint64_t chunk_left_ = 0;
    bool is_http_1_0_ = false;
};

struct answer_parser::state {
    state(std::size_t head_bytes, std::size_t body_bytes)
        : max_head_bytes(head_bytes), max_body_bytes(body_bytes) {
        bytes.resize(read_size);
    }

    void begin_message();
    error_code parse();
    error_code fail(errc error, std::string words);

    const std::size_t max_head_bytes;
    const std::size_t max_body_bytes;
    std::string bytes;  // of which [first, last) are received and not yet parsed
    std::size_t first = 0;
    std::size_t last = 0;
    int interim_answers = 0;
    wire::response answer;
    std::optional<message> current;
    std::string problem;
};

void answer_parser::state::begin_message() {
    answer.fields.reserve(usual_fields);
    answer.body.clear();
    current.emplace(answer, max_head_bytes, max_body_bytes);
}

error_code answer_parser::state::fail(errc error, std::string words) {
    problem = std::move(words);
    return error;
}

error_code answer_parser::state::parse() {
    while (last - first >= current->needed_bytes()) {
        error_code error;
        first += current->put({bytes.data() + first, last - first}, error);
        if (error == http::error::need_more) break;
        if (error) return fail(meaning_of(error), error.message());
        if (!current->is_done()) continue;
        if (answer.status / 100 != 1) break;
        begin_message();
        if (++interim_answers > max_interim_answers)
            return fail(errc::malformed_answer, "interim answers without end");
    }
    // What is left over is one line of a head or of a chunk, or the trailers.
    if (!current->is_done() && last - first > max_head_bytes) {
        return fail(errc::answer_too_large, "a line of the answer is too long");
    }
    return {};
}

answer_parser::answer_parser(std::size_t max_head_bytes, std::size_t max_body_bytes)
    : state_(std::make_unique<state>(max_head_bytes, max_body_bytes)) {
    begin();
}

answer_parser::~answer_parser() = default;

void answer_parser::begin() {
    state_->first = state_->last = 0;
    state_->interim_answers = 0;
    state_->problem.clear();
    state_->begin_message();
}

std::span<char> answer_parser::room() {
    state& my = *state_;
    if (my.first == my.last) my.first = my.last = 0;
    if (my.bytes.size() - my.last < read_size && my.first > 0) {
        my.bytes.erase(0, my.first);
        my.last -= my.first;
        my.first = 0;
    }
    if (my.bytes.size() - my.last < read_size) my.bytes.resize(my.last + read_size);
    return {my.bytes.data() + my.last, read_size};
}

error_code answer_parser::put(std::size_t count) {
    state_->last += count;
    return state_->current->is_done() ? error_code() : state_->parse();
}

error_code answer_parser::put_end() {
    if (!begun()) return state_->fail(errc::connection_lost, "");
    error_code error;
    if (head_is_whole() && !is_whole()) state_->current->put_eof(error);
    if (!error && is_whole()) return {};
    return state_->fail(errc::answer_truncated, "the stream ended inside the answer");
}

bool answer_parser::begun() const {
    return state_->current->got_some() || state_->interim_answers > 0;
}

bool answer_parser::head_is_whole() const {
    return state_->current->is_header_done();
}

bool answer_parser::is_whole() const {
    return state_->current->is_done();
}

bool answer_parser::keeps_connection() const {
    const state& my = *state_;
    return my.first == my.last && my.current->keep_alive() && !my.current->announces_body_that_may_not_be();
}

wire::response& answer_parser::answer() {
    return state_->answer;
}

bool answer_parser::has_body_bytes() const {
    return !state_->answer.body.empty();
}

void answer_parser::take_body(std::string& to) {
    if (to.empty()) {
        to = std::move(state_->answer.body);
    } else {
        to += state_->answer.body;
    }
    state_->answer.body.clear();
}

const std::string& answer_parser::problem() const {
    return state_->problem;
}

}  // namespace stagger
