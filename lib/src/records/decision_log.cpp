#include "records/decision_log.hpp"

#include <stdexcept>
#include <utility>

namespace stagger::wire {

namespace {

// The longest line of ours has less than a kilobyte.
constexpr std::size_t longest_line_bytes = 16 * 1024;

}  // namespace

void decision_log_writer::started(const coordinator_options& options, std::uint64_t seed) {
    if (has_started_) throw std::logic_error("a decision log is about one coordinator");
    has_started_ = true;
    header_.options = options;
    header_.options.recorder(nullptr);
    header_.seed = seed;
}

void decision_log_writer::append(std::string& out, const decision_record& made) {
    if (!has_header_) append_header(out, made.at);
    append_decision_line(out, made, header_.origin);
}

void decision_log_writer::finish(std::string& out) {
    if (!has_header_ && has_started_) append_header(out, {});
}

void decision_log_writer::append_header(std::string& out, time_point origin) {
    header_.origin = origin;
    has_header_ = true;
    append_decision_log_header(out, header_);
}

decision_log_reader::decision_log_reader(std::istream& from, std::string name)
    : from_(from), name_(std::move(name)) {
    if (!read_line()) throw std::invalid_argument(name_ + ": must begin with a header line, is empty");
    try {
        header_ = parse_decision_log_header(text_);
    } catch (const std::invalid_argument& wrong) {
        reject(wrong.what());
    }
    latest_ = header_.origin;
}

std::optional<decision_record> decision_log_reader::next() {
    if (!read_line()) return std::nullopt;
    try {
        const decision_record made = parse_decision_line(text_, header_.origin);
        if (made.at < latest_) {
            throw std::invalid_argument("at_ns: must not be before that of the line above, is earlier");
        }
        latest_ = made.at;
        return made;
    } catch (const std::invalid_argument& wrong) {
        reject(wrong.what());
    }
}

bool decision_log_reader::read_line() {
    text_.clear();
    ++line_;
    std::streambuf& source = *from_.rdbuf();
    constexpr auto end = std::char_traits<char>::eof();
    auto got = source.sbumpc();
    if (got == end) return false;
    for (; got != end && got != '\n'; got = source.sbumpc()) {
        if (text_.size() == longest_line_bytes) {
            reject("the line: must have at most " + std::to_string(longest_line_bytes) + " bytes, has more");
        }
        text_ += static_cast<char>(got);
    }
    if (got == end) reject("the line: must end with a line end, is cut off");
    return true;
}

void decision_log_reader::reject(const std::string& problem) const {
    throw std::invalid_argument(name_ + ":" + std::to_string(line_) + ": " + problem);
}

}  // namespace stagger::wire
