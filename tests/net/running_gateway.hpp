#pragma once

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include "gateway/gateway.hpp"
#include "net/loopback_client.hpp"
#include "scenario/scenario_file.hpp"
#include "server/http_server.hpp"
#include "throttled_server/server.hpp"

namespace stagger::test {

using behaviour = std::function<io_awaitable<void>(http_server::exchange&)>;

/// What a test says upstream does.
class scripted_upstream final : public http_server::service {
 public:
    explicit scripted_upstream(behaviour what) : what_(std::move(what)) {}
    io_awaitable<void> serve(http_server::exchange& with) override { co_await what_(with); }
    http_server::whole_answer refusal(unsigned) override { return {}; }

 private:
    behaviour what_;
};

/// An upstream, and a gateway before it, on a thread of their own.
class running_gateway {
 public:
    explicit running_gateway(behaviour upstream, gateway::gateway_options chosen = {}) {
        upstream_ =
            std::make_unique<http_server::server>(context_.get_executor(), loopback(), http_server::bounds(),
                                                  std::make_shared<scripted_upstream>(std::move(upstream)));
        start(upstream_->port(), std::move(chosen));
    }
    /// @param limits of the throttled server's provider
    explicit running_gateway(const std::string& limits) {
        const std::string provider =
            R"({"limits": )" + limits + R"(, "latency": {"mean_s": 0.02}, "rtt_s": 0})";
        throttled_ = std::make_unique<server::server>(
            context_.get_executor(),
            wire::parse_scenario("{\"name\": \"test\", \"provider\": " + provider + "}",
                                 wire::clients_member::optional));
        start(throttled_->port(), {});
    }
    ~running_gateway() {
        server_->close();
        if (upstream_) upstream_->close();
        if (throttled_) throttled_->close();
        thread_.join();
    }
    running_gateway(const running_gateway&) = delete;
    running_gateway& operator=(const running_gateway&) = delete;

    loopback_client connect() const { return loopback_client(server_->port()); }
    /// Runs on the gateway's executor.
    template <class Call>
    auto ask(Call call) {
        std::promise<decltype(call(*gateway_))> said;
        boost::asio::post(context_, [&] { said.set_value(call(*gateway_)); });
        return said.get_future().get();
    }
    bool reaches(const std::function<bool(const gateway::gateway&)>& wanted) {
        for (int round = 0; round < 100'000; ++round) {
            if (ask([&](gateway::gateway& one) { return wanted(one); })) return true;
        }
        return false;
    }
    server::server& throttled() { return *throttled_; }

 private:
    static boost::asio::ip::tcp::endpoint loopback() { return {boost::asio::ip::address_v4::loopback(), 0}; }
    void start(std::uint16_t port, gateway::gateway_options chosen) {
        chosen.upstream.base_url("http://127.0.0.1:" + std::to_string(port) + "/base").jitter_seed(1);
        chosen.upstream.single_threaded(true);
        gateway_ = std::make_shared<gateway::gateway>(context_.get_executor(), chosen);
        server_ = std::make_unique<http_server::server>(context_.get_executor(), loopback(),
                                                        http_server::bounds(), gateway_);
        thread_ = std::thread([this] { context_.run(); });
    }

    boost::asio::io_context context_{1};
    std::unique_ptr<http_server::server> upstream_;
    std::unique_ptr<server::server> throttled_;
    std::shared_ptr<gateway::gateway> gateway_;
    std::unique_ptr<http_server::server> server_;
    std::thread thread_;
};

}  // namespace stagger::test
