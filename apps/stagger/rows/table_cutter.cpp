#include "table_cutter.hpp"

#include <new>

namespace app {
namespace {

namespace batch = stagger::batch;

// RFC 4180: spaces are part of a cell.
int is_no_space(unsigned char) {
    return 0;
}

bool is_blank(std::string_view text) {
    return text.find_first_not_of(" \r") == std::string_view::npos;
}

std::string_view without_cr(std::string_view text) {
    if (text.ends_with('\r')) text.remove_suffix(1);
    return text;
}

std::uint64_t hash_of(const std::vector<std::string>& names) {
    std::uint64_t hash = names.size();
    for (const auto& each : names) hash = batch::mixed(hash ^ batch::line_hash(each));
    return hash;
}

}  // namespace

table_cutter::table_cutter(char separator, std::size_t longest_row)
    : longest_(longest_row), lines_(longest_row, batch::line_splitting::whole) {
    if (::csv_init(&parser_, CSV_STRICT) != 0) throw std::bad_alloc();
    ::csv_set_delim(&parser_, static_cast<unsigned char>(separator));
    ::csv_set_space_func(&parser_, &is_no_space);
}

void table_cutter::finish() {
    finished_ = true;
    lines_.finish();
}

void table_cutter::cell_ended(void* text, std::size_t length, void* self) {
    auto& table = *static_cast<table_cutter*>(self);
    if (table.cells_ended_ == table.cells_.size()) table.cells_.emplace_back();
    table.cells_[table.cells_ended_++].assign(static_cast<const char*>(text), length);
}

void table_cutter::row_ended(int, void* self) {
    ++static_cast<table_cutter*>(self)->rows_ended_;
}

// False where a quoted cell goes on behind its closing quote.
bool table_cutter::parse(std::string_view text) {
    while (!text.empty()) {
        const auto used = ::csv_parse(&parser_, text.data(), text.size(), &cell_ended, &row_ended, this);
        text.remove_prefix(used);
        if (text.empty()) return true;
        if (::csv_error(&parser_) != CSV_EPARSE) throw std::bad_alloc();
        if (parser_.quoted != 0) return false;
        // A quote in the middle of a cell that has none around it: many programs write it so.
        ::csv_set_opts(&parser_, 0);
        ::csv_parse(&parser_, text.data(), 1, &cell_ended, &row_ended, this);
        ::csv_set_opts(&parser_, CSV_STRICT);
        text.remove_prefix(1);
    }
    return true;
}

void table_cutter::add_to_row(const batch::line& found) {
    if (began_on_ == 0) {
        began_on_ = found.number;
        text_ = found.text;
        return;
    }
    if (gathered_.empty()) gathered_ = text_;
    gathered_ += '\n';
    gathered_ += found.text;
    text_ = gathered_;
}

batch::row table_cutter::row_so_far() const {
    batch::row made;
    made.number = began_on_;
    made.text = without_cr(text_);
    made.context = names_hash_;
    return made;
}

batch::row table_cutter::broken(std::string problem) {
    auto made = row_so_far();
    made.problem = std::move(problem);
    ::csv_fini(&parser_, nullptr, nullptr, nullptr);
    taken_ = false;
    return made;
}

void table_cutter::begin_anew() {
    taken_ = true;
    began_on_ = 0;
    gathered_.clear();
    cells_ended_ = 0;
    rows_ended_ = 0;
}

std::optional<batch::row> table_cutter::ended_row() {
    bool empty = true;
    for (std::size_t index = 0; index < cells_ended_; ++index) empty = empty && cells_[index].empty();
    cells_.resize(cells_ended_);
    if (!named_) {
        named_ = true;
        columns_ = std::move(cells_);
        cells_.clear();
        names_hash_ = hash_of(columns_);
        begin_anew();
        return std::nullopt;
    }
    if (empty) {
        begin_anew();
        return std::nullopt;
    }
    if (cells_.size() != columns_.size()) {
        return broken("has " + std::to_string(cells_.size()) + " cells, and there are " +
                      std::to_string(columns_.size()) + " columns");
    }
    auto made = row_so_far();
    made.columns = &columns_;
    made.cells = &cells_;
    taken_ = false;
    return made;
}

std::optional<batch::row> table_cutter::take(const batch::line& found) {
    if (found.too_long || (began_on_ > 0 && text_.size() + found.text.size() > longest_)) {
        if (began_on_ == 0) began_on_ = found.number;
        text_ = {};
        auto made = broken({});
        made.too_long = true;
        return made;
    }
    if (began_on_ == 0 && is_blank(found.text)) return std::nullopt;
    add_to_row(found);
    if (!parse(found.text)) return broken("a cell goes on behind its closing quote");
    if (!parse("\n")) return broken("a cell goes on behind its closing quote");
    if (rows_ended_ > 1)
        return broken("has a carriage return in it that is no line end; it may be put in quotes");
    if (rows_ended_ == 0) {
        // The next call of the splitter lets the line go.
        if (gathered_.empty()) gathered_ = text_;
        text_ = gathered_;
        return std::nullopt;
    }
    return ended_row();
}

std::optional<batch::row> table_cutter::next() {
    if (!taken_) begin_anew();
    while (const auto found = lines_.next()) {
        if (auto made = take(*found)) return made;
    }
    if (!finished_ || began_on_ == 0) return std::nullopt;
    return broken("a quote that opens on this line is never closed");
}

}  // namespace app
