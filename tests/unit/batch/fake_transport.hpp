#pragma once

#include <boost/asio/append.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "batch/transport.hpp"

/** Stands in for a client: requests wait in `sent` until the test answers them, or `answer` does so at once.
 */
class fake_transport {
 public:
    struct sent_request {
        std::string prompt;
        // By pointer: assigning an any_completion_handler of Boost 1.81 recurses without end.
        std::unique_ptr<stagger::batch::transport::handler> handler;
    };
    /// What becomes of a request, by its prompt.
    using answering = std::function<std::pair<stagger::error_code, stagger::completion>(const std::string&)>;

    explicit fake_transport(boost::asio::io_context& context) : context_(context) {}

    stagger::batch::transport make(std::size_t max_in_flight) {
        stagger::batch::transport made;
        made.executor = context_.get_executor();
        made.max_in_flight = max_in_flight;
        made.send = [this](stagger::completion_request request, stagger::batch::transport::handler handler) {
            send(request.prompt(), std::move(handler));
        };
        made.expect = [this](std::size_t rest) { expected = rest; };
        made.stop_sending = [this] {
            stopped = true;
            // Nothing here is in flight until the test says so: all of it waits in line.
            for (std::size_t left = sent.size(); left > in_flight; --left) {
                fail(sent.size() - 1, stagger::errc::shut_down);
            }
        };
        made.close = [this] {
            closed = true;
            while (!sent.empty()) fail(0, stagger::errc::shut_down);
        };
        made.status = [this] { return status; };
        made.set_aside = [this] { return set_aside; };
        made.hold = [this](std::uint64_t kind) { orders.push_back("hold " + std::to_string(kind)); };
        made.ask_again = [this](std::uint64_t kind) { orders.push_back("ask " + std::to_string(kind)); };
        made.release = [this](std::uint64_t kind) { orders.push_back("release " + std::to_string(kind)); };
        made.refuse = [this](std::uint64_t kind) { orders.push_back("refuse " + std::to_string(kind)); };
        return made;
    }

    void complete(std::size_t index, stagger::error_code error, stagger::completion result) {
        auto handler = std::move(*sent[index].handler);
        sent.erase(sent.begin() + static_cast<std::ptrdiff_t>(index));
        auto slot = boost::asio::get_associated_cancellation_slot(handler);
        if (slot.is_connected()) slot.clear();
        boost::asio::post(context_, boost::asio::append(std::move(handler), error, std::move(result)));
    }

    void succeed(std::size_t index) {
        const auto prompt = sent[index].prompt;
        complete(index, {}, success(prompt));
    }

    void fail(std::size_t index, stagger::error_code error, const std::string& message = "") {
        stagger::completion nothing;
        nothing.info.message = message;
        nothing.info.last_error = error;
        complete(index, error, std::move(nothing));
    }

    static stagger::completion success(const std::string& prompt) {
        stagger::completion answer;
        answer.text = "re: " + prompt;
        answer.raw = R"({"text":"answered"})";
        answer.info.http_status = 200;
        answer.info.attempts = 1;
        return answer;
    }

    std::deque<sent_request> sent;
    std::size_t in_flight = 0;
    std::size_t most_waiting = 0;
    std::size_t requests = 0;
    std::size_t expected = 0;
    std::size_t set_aside = 0;
    std::vector<std::string> orders;
    bool stopped = false;
    bool closed = false;
    answering answer;
    stagger::coordinator_status status;

 private:
    void send(const std::string& prompt, stagger::batch::transport::handler handler) {
        ++requests;
        sent.push_back({prompt, std::make_unique<stagger::batch::transport::handler>(std::move(handler))});
        most_waiting = std::max(most_waiting, sent.size());
        auto slot = boost::asio::get_associated_cancellation_slot(*sent.back().handler);
        if (slot.is_connected()) {
            slot.assign([this, prompt](boost::asio::cancellation_type) {
                for (std::size_t index = 0; index < sent.size(); ++index) {
                    if (sent[index].prompt == prompt) return fail(index, stagger::errc::cancelled);
                }
            });
        }
        if (stopped) return fail(sent.size() - 1, stagger::errc::shut_down);
        if (answer) {
            auto [error, answered] = answer(prompt);
            complete(sent.size() - 1, error, std::move(answered));
        }
    }

    boost::asio::io_context& context_;
};
