#include "simulation_trace.hpp"

#include <fcntl.h>

#include <utility>

#include "batch/write_all.hpp"
#include "cli/exit_code.hpp"
#include "cli/output_file.hpp"
#include "json/json_writer.hpp"

namespace app {
namespace {

constexpr std::size_t worth_writing_bytes = 256 * 1024;

double seconds(stagger::time_point at) {
    return stagger::to_seconds(at.time_since_epoch());
}

}  // namespace

trace_file::trace_file(std::string path, bool paces)
    : path_(std::move(path)), paces_(paces), file_(open_output(path_, O_TRUNC)) {}

void trace_file::sent(stagger::time_point now, std::size_t client, std::uint64_t request) {
    state_of(client).unsettled.push_back({now, "sent", request});
}

void trace_file::came_back(stagger::time_point now, std::size_t client, std::uint64_t request,
                           stagger::time_point not_before) {
    state_of(client).unsettled.push_back({now, "came_back", request, 0, not_before});
}

void trace_file::ended(stagger::time_point now, std::size_t client, std::uint64_t request, bool succeeded) {
    state_of(client).unsettled.push_back({now, succeeded ? "succeeded" : "lost", request});
}

void trace_file::arrived(stagger::time_point now, std::size_t client, std::uint64_t request,
                         unsigned status) {
    write({now, status == 0 ? "queued" : "arrived", request, status}, client);
}

void trace_file::left_queue(stagger::time_point now, std::size_t client, std::uint64_t request,
                            unsigned status) {
    write({now, "left_queue", request, status}, client);
}

void trace_file::settled(stagger::time_point now, std::size_t client, const stagger::coordinator& core) {
    const auto status = core.status(now);
    client_state& own = state_of(client);
    own.in_flight = status.in_flight;
    own.pace_per_s = status.pace_per_s;
    own.mode = status.mode;
    for (const happening& each : own.unsettled) write(each, client);
    own.unsettled.clear();
}

void trace_file::finish() {
    flush();
}

trace_file::client_state& trace_file::state_of(std::size_t client) {
    if (client >= clients_.size()) clients_.resize(client + 1);
    return clients_[client];
}

void trace_file::write(const happening& what, std::size_t client) {
    const client_state& own = state_of(client);
    stagger::wire::object_writer line(pending_);
    line.number("time_s", seconds(what.at));
    line.string("event", what.event);
    line.count("client", client);
    line.count("request", what.request);
    if (what.status == stagger::provider::connection_closed) {
        line.raw("closed", "true");
    } else if (what.status != 0) {
        line.count("status", what.status);
    }
    if (what.not_before != stagger::never) line.number("not_before_s", seconds(what.not_before));
    line.count("in_flight", own.in_flight);
    if (paces_) {
        line.number("pace_per_s", own.pace_per_s);
        line.string("mode", to_string(own.mode));
    }
    line.close();
    pending_ += '\n';
    if (pending_.size() >= worth_writing_bytes) flush();
}

void trace_file::flush() {
    const auto failed = stagger::batch::write_all(file_.get(), pending_);
    if (failed) throw failure(exit_code::file_failed, output_name(path_) + ": " + failed.message());
    pending_.clear();
}

}  // namespace app
