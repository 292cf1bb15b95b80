#include "request_csv.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <iterator>

#include "base/error_name.hpp"
#include "batch/write_all.hpp"
#include "cli/exit_code.hpp"
#include "cli/output_file.hpp"
#include "load/latency_histogram.hpp"

namespace app {
namespace {

constexpr std::size_t written_together = 256 * 1024;
constexpr auto columns =
    "policy,request,scheduled_s,handed_over_s,first_sent_s,ended_s,total_ms,from_actual_send_ms,waiting_in_"
    "line_ms,"
    "backing_off_ms,first_token_ms,attempts,rejections,status,error,prompt_tokens,completion_tokens\n";

using stagger::load::milliseconds;

}  // namespace

request_csv::request_csv(const std::string& path) : path_(path) {
    if (path_.empty()) return;
    file_ = open_output(path_, O_TRUNC);
    held_ = columns;
}

void request_csv::add(const std::string& policy, stagger::time_point start,
                      const stagger::load::request_record& record) {
    if (!file_ || failed_) return;
    const auto since_start = [start](stagger::time_point at) { return stagger::to_seconds(at - start); };
    const auto first_token = record.first_token
                                 ? fmt::format("{:.3f}", milliseconds(*record.first_token - record.scheduled))
                                 : std::string();
    const auto first_sent = record.effort.first_sent
                                ? fmt::format("{:.6f}", since_start(*record.effort.first_sent))
                                : std::string();
    fmt::format_to(std::back_inserter(held_),
                   "{},{},{:.6f},{:.6f},{},{:.6f},{:.3f},{:.3f},{:.3f},{:.3f},{},{},{},{},{},{},{}\n", policy,
                   record.number, since_start(record.scheduled), since_start(record.sent), first_sent,
                   since_start(record.ended), milliseconds(record.total()),
                   milliseconds(record.from_actual_send()), milliseconds(record.effort.waiting_in_line),
                   milliseconds(record.effort.backing_off), first_token, record.attempts, record.rejections,
                   record.http_status, record.error ? stagger::wire::error_name(record.error) : "",
                   record.prompt_tokens, record.completion_tokens);
    if (held_.size() >= written_together) write_held();
}

void request_csv::write_held() {
    if (!file_ || failed_) return;
    failed_ = stagger::batch::write_all(file_.get(), held_);
    held_.clear();
}

void request_csv::finish() {
    write_held();
    if (!failed_) return;
    throw failure(exit_code::file_failed, output_name(path_) + ": " + failed_.message() +
                                              ": the list of requests is cut off, the figures are not");
}

}  // namespace app
