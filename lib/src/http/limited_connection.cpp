#include "http/limited_connection.hpp"

#include <unistd.h>

#include <boost/asio/error.hpp>
#include <utility>

#include "http/clock.hpp"

namespace stagger {

// Work that has come too late must not begin: the timer would end it only at its next turn, and until then a
// request could be sent that nobody waits for.
bool limited_connection::may_begin(request_phase phase, time_point now, time_point limit, errc when_late) {
    phase_ = phase;
    when_late_ = when_late;
    late_ = limit <= now;
    return !late_;
}

bool limited_connection::begin_phase(request_phase phase, time_point limit, errc when_late) {
    const bool begins = may_begin(phase, steady_now(), limit, when_late);
    if (begins) expires_at(limit);
    return begins;
}

void limited_connection::on_expired() {
    late_ = true;
    close_socket();
}

void limited_connection::cancel() {
    cancelled_ = true;
    reusable_ = false;
    close_socket();
}

// Released first: a descriptor that is only closed stays in this process's set of epoll as long as the parent
// has it open.
void limited_connection::leave_to_parent() {
    error_code not_open;
    const auto descriptor = socket().release(not_open);
    if (not_open) return;
    ::close(descriptor);
    is_parents_ = true;
    reusable_ = false;
}

error_code limited_connection::fail(error_code error, std::string problem) {
    end_phase();
    close_socket();
    reusable_ = false;
    problem_ = problem.empty() ? error.message() : std::move(problem);
    return error;
}

error_code limited_connection::fail_io(const error_code& error, errc otherwise) {
    if (late_) return fail(when_late_, "");
    if (is_parents_) return fail(otherwise, "the process has forked, and the connection is its parent's");
    if (cancelled_ || error == boost::asio::error::operation_aborted) return fail(errc::cancelled, "");
    return fail(otherwise, error ? error.message() : "");
}

void limited_connection::close_socket() {
    error_code ignored;
    socket().close(ignored);
}

}  // namespace stagger
