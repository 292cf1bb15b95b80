#include "provider/concurrency_limiter.hpp"

#include <algorithm>
#include <utility>

namespace stagger::provider {
namespace {

constexpr unsigned generation_shift = 32;

}  // namespace

void concurrency_limiter::set_limit(const std::vector<limit>& limits) {
    limit_.reset();
    for (const limit& each : limits) {
        const auto* found = std::get_if<concurrency_limit>(&each);
        if (found != nullptr && (!limit_ || found->max < limit_->max)) limit_ = *found;
    }
}

request_id concurrency_limiter::id_of(std::uint32_t index) const {
    return request_id{static_cast<std::uint64_t>(places_[index].generation) << generation_shift | index};
}

std::uint32_t concurrency_limiter::occupy(stage as) {
    if (empty_.empty()) {
        empty_.push_back(static_cast<std::uint32_t>(places_.size()));
        places_.emplace_back();
    }
    const std::uint32_t index = empty_.back();
    empty_.pop_back();
    places_[index].at = as;
    return index;
}

void concurrency_limiter::vacate(std::uint32_t index) {
    places_[index].at = stage::empty;
    places_[index].end = never;
    ++places_[index].generation;
    empty_.push_back(index);
}

request_id concurrency_limiter::start(time_point end) {
    const std::uint32_t index = occupy(stage::running);
    places_[index].end = end;
    ++running_;
    return id_of(index);
}

request_id concurrency_limiter::wait(waiting_request request) {
    const std::uint32_t index = occupy(stage::waiting);
    places_[index].request = std::move(request);
    line_.push_back(index);
    return id_of(index);
}

void concurrency_limiter::leave(request_id id) {
    const auto index = static_cast<std::uint32_t>(id);
    if (index >= places_.size() || id_of(index) != id) return;
    if (places_[index].at == stage::running) {
        --running_;
    } else {
        line_.erase(std::find(line_.begin(), line_.end(), index));
    }
    vacate(index);
}

request_id concurrency_limiter::promote(time_point end) {
    const std::uint32_t index = line_.front();
    line_.pop_front();
    places_[index].at = stage::running;
    places_[index].end = end;
    ++running_;
    return id_of(index);
}

time_point concurrency_limiter::next_timeout() const {
    if (line_.empty() || !limit_) return never;
    return saturating_add(places_[line_.front()].request.since, limit_->queue_timeout);
}

waiting_request concurrency_limiter::give_up(request_id& id) {
    const std::uint32_t index = line_.front();
    line_.pop_front();
    id = id_of(index);
    waiting_request request = std::move(places_[index].request);
    vacate(index);
    return request;
}

time_point concurrency_limiter::next_departure() const {
    time_point first = never;
    for (const place& each : places_) first = std::min(first, each.end);
    return first;
}

}  // namespace stagger::provider
