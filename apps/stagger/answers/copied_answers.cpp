#include "copied_answers.hpp"

#include <boost/asio/any_completion_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/post.hpp>

#include "http/sha256.hpp"

namespace app {
namespace {

namespace asio = boost::asio;
namespace wire = stagger::wire;

constexpr unsigned http_ok = 200;

std::uint64_t tokens_of(const stagger::token_usage& usage) {
    return usage.prompt_tokens.value_or(0) + usage.completion_tokens.value_or(0);
}

}  // namespace

std::string request_key(const std::string& endpoint, const wire::encoded_request& request) {
    // Lengths keep "ab" + "c" apart from "a" + "bc".
    std::string all;
    for (const auto* part : {&endpoint, &request.target, &request.body})
        all.append(std::to_string(part->size())).append(":").append(*part);
    const stagger::sha256_digest digest = stagger::sha256_of(all);
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

copied_answers::copied_answers(stagger::batch::transport through, std::unique_ptr<answer_store> store,
                               std::string endpoint, wire::encoding_context encoding)
    : through_(std::move(through)),
      store_(std::move(store)),
      endpoint_(std::move(endpoint)),
      encoding_(std::move(encoding)) {}

stagger::batch::transport copied_answers::transport() {
    auto made = through_;
    made.send = [self = shared_from_this()](stagger::completion_request request, handler done) {
        self->send(std::move(request), std::move(done));
    };
    return made;
}

void copied_answers::send(stagger::completion_request request, handler done) {
    stagger::error_code unsendable;
    std::string problem;
    const auto encoded = wire::encode(request, encoding_, unsendable, problem);
    if (unsendable) return through_.send(std::move(request), std::move(done));  // which says so
    const auto key = request_key(endpoint_, encoded);
    if (const auto same = in_flight_.find(key); same != in_flight_.end()) {
        same->second.push_back({std::move(request), std::move(done)});
        return;
    }
    if (const auto found = store_->find(key)) return copy_to(std::move(done), *found);
    in_flight_.emplace(key, std::deque<waiting>());
    ask(key, std::move(request), std::move(done));
}

void copied_answers::ask(const std::string& key, stagger::completion_request request, handler done) {
    // Read before `done` is moved from.
    const auto slot = asio::get_associated_cancellation_slot(done);
    const asio::any_completion_executor own = asio::get_associated_executor(done, through_.executor);
    auto use = [self = shared_from_this(), key, done = std::move(done)](stagger::error_code error,
                                                                        stagger::completion answer) mutable {
        self->answered(key, std::move(done), error, std::move(answer));
    };
    through_.send(std::move(request),
                  asio::bind_cancellation_slot(slot, asio::bind_executor(own, std::move(use))));
}

void copied_answers::answered(const std::string& key, handler done, stagger::error_code error,
                              stagger::completion answer) {
    auto waits = std::move(in_flight_[key]);
    if (error && !waits.empty()) {
        auto next = std::move(waits.front());
        waits.pop_front();
        in_flight_[key] = std::move(waits);
        ask(key, std::move(next.request), std::move(next.done));
        return std::move(done)(error, std::move(answer));
    }
    in_flight_.erase(key);
    if (!error) {
        stored_answer made{answer.raw, tokens_of(answer.usage), true};
        store_->put(key, made.body, made.tokens);
        for (auto& each : waits) copy_to(std::move(each.done), made);
    }
    std::move(done)(error, std::move(answer));
}

void copied_answers::copy_to(handler done, const stored_answer& found) {
    ++(found.of_this_run ? counts_.duplicates : counts_.cached);
    counts_.tokens += found.tokens;
    wire::response received;
    received.status = http_ok;
    received.body = found.body;
    auto read = wire::decode(std::move(received), encoding_.dialect, 0);
    read.answer.usage = {};
    const asio::any_completion_executor own = asio::get_associated_executor(done, through_.executor);
    auto call = [done = std::move(done), error = read.error, answer = std::move(read.answer)]() mutable {
        std::move(done)(error, std::move(answer));
    };
    asio::post(through_.executor, asio::bind_executor(own, std::move(call)));
}

}  // namespace app
