#include "file_rows.hpp"

#include <algorithm>
#include <stdexcept>

#include "array_cutter.hpp"
#include "cli/exit_code.hpp"
#include "format_sniffing.hpp"
#include "line_cutter.hpp"
#include "table_cutter.hpp"

namespace app {
namespace {

namespace batch = stagger::batch;

constexpr std::size_t block_bytes = 64 * 1024;

std::unique_ptr<row_cutter> cutter_for(const sniffed_format& found) {
    switch (found.format) {
        case row_format::csv:
        case row_format::tsv:
            return std::make_unique<table_cutter>(found.separator);
        case row_format::json:
            return std::make_unique<array_cutter>();
        case row_format::automatic:
        case row_format::text:
        case row_format::jsonl:
            break;
    }
    return std::make_unique<line_cutter>();
}

}  // namespace

file_rows::file_rows(std::string name, const row_reading& how, std::size_t before)
    : name_(std::move(name)), how_(how), before_(before), format_(how.format) {}

void file_rows::refuse(const std::string& problem) const {
    throw failure(exit_code::file_failed, name_ + ": " + problem);
}

std::span<char> file_rows::prepare() {
    raw_.erase(0, used_);
    used_ = 0;
    const auto held = raw_.size();
    raw_.resize(held + block_bytes);
    return {raw_.data() + held, block_bytes};
}

void file_rows::commit(std::size_t count) {
    raw_.resize(raw_.size() - block_bytes + count);
}

void file_rows::look_at_packing() {
    packing_known_ = true;
    packing_ = decompressor_for(raw_);
    const auto named = packing_by_name(name_);
    if (!packing_ && !named.empty() && !raw_.empty())
        refuse("is not packed with " + std::string(named) + ", though it is named so");
}

std::size_t file_rows::unpack_into(std::span<char> room) {
    const std::string_view packed = std::string_view(raw_).substr(used_);
    if (!packing_) {
        const auto count = std::min(packed.size(), room.size());
        std::copy_n(packed.data(), count, room.data());
        used_ += count;
        return count;
    }
    try {
        const auto step = packing_->unpack(packed, room);
        used_ += step.used;
        if (step.used + step.made == 0 && finished_ && !packing_->at_end())
            refuse("ends in the middle of packed data: it may have been cut off");
        return step.made;
    } catch (const failure&) {
        throw;
    } catch (const std::runtime_error& damaged) {
        refuse(damaged.what());
    }
}

void file_rows::look_at_beginning() {
    try {
        const auto found = sniff_format(how_, format_by_name(name_), head_);
        format_ = found.format;
        cutter_ = cutter_for(found);
    } catch (const failure& wrong) {
        throw failure(wrong.code(), name_ + ": " + wrong.what());
    }
    for (std::string_view rest = head_; !rest.empty();) {
        const auto room = cutter_->prepare();
        const auto count = std::min(rest.size(), room.size());
        std::copy_n(rest.data(), count, room.data());
        cutter_->commit(count);
        rest.remove_prefix(count);
    }
    head_ = {};
}

// False where more has to be read first, or nothing is left.
bool file_rows::unpack_some() {
    if (!packing_known_) {
        if (raw_.size() < magic_bytes && !finished_) return false;
        look_at_packing();
    }
    if (cutter_) {
        const auto room = cutter_->prepare();
        const auto used_before = used_;
        const auto made = unpack_into(room);
        cutter_->commit(made);
        return made > 0 || used_ > used_before;
    }
    const auto held = head_.size();
    const auto used_before = used_;
    head_.resize(held + block_bytes);
    const auto made = unpack_into({head_.data() + held, block_bytes});
    head_.resize(held + made);
    const bool moved = made > 0 || used_ > used_before;
    if (enough_to_tell(head_) || (finished_ && !moved)) look_at_beginning();
    return moved || cutter_;
}

std::optional<batch::row> file_rows::next() {
    for (;;) {
        if (cutter_) {
            if (auto found = cutter_->next()) {
                found->number += before_;
                return found;
            }
            if (cutter_finished_) return std::nullopt;
        }
        if (unpack_some()) continue;
        if (!finished_) return std::nullopt;
        cutter_->finish();
        cutter_finished_ = true;
    }
}

}  // namespace app
