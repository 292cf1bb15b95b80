#include "fleet/key_walk.hpp"

#include <boost/asio/io_context.hpp>
#include <memory>
#include <stdexcept>

#include "cli/exit_code.hpp"
#include "net/fleet_store.hpp"
#include "redis/connection.hpp"

namespace app {
namespace {

namespace redis = stagger::redis;

// Of each page of the store's list of keys.
constexpr auto keys_at_once = "1000";

class key_walker final : public redis::connection_user {
 public:
    using found = std::vector<std::pair<std::string, redis::reply>>;
    using asking = std::function<std::vector<std::string>(const std::string&)>;

    key_walker(const stagger::fleet_options& options, std::string pattern, asking command)
        : pattern_(std::move(pattern)), command_(std::move(command)) {
        const auto where = stagger::detail::store_of(options);
        store_ =
            std::make_shared<redis::connection>(context_.get_executor(), where.address, where.tls, *this);
    }

    found run() {
        store_->start();
        context_.run();
        if (!problem_.empty()) throw failure(exit_code::endpoint_unusable, problem_);
        return std::move(found_);
    }

    void on_up() override { look("0"); }
    void on_down(const std::string& problem) override { end(problem); }

 private:
    void look(const std::string& cursor) {
        store_->send({"SCAN", cursor, "MATCH", pattern_, "COUNT", keys_at_once},
                     [this](const redis::reply& got) { take_page(got); });
    }
    void take_page(const redis::reply& got) {
        if (got.is_error()) return end(got.text);
        if (got.items.size() != 2) return end("the store's answer makes no sense");
        for (const redis::reply& key : got.items[1].items) {
            ++asked_;
            store_->send(command_(key.text),
                         [this, name = key.text](const redis::reply& value) { take_value(name, value); });
        }
        is_last_page_ = got.items[0].text == "0";
        is_last_page_ ? end_if_done() : look(got.items[0].text);
    }
    void take_value(const std::string& key, const redis::reply& got) {
        --asked_;
        if (got.is_error()) return end(got.text);
        found_.emplace_back(key, got);
        end_if_done();
    }
    void end_if_done() {
        if (is_last_page_ && asked_ == 0) end({});
    }
    void end(const std::string& problem) {
        if (problem_.empty()) problem_ = problem;
        store_->stop();
    }

    const std::string pattern_;
    const asking command_;
    boost::asio::io_context context_{1};
    std::shared_ptr<redis::connection> store_;
    found found_;
    std::size_t asked_ = 0;
    bool is_last_page_ = false;
    std::string problem_;
};

}  // namespace

std::vector<std::pair<std::string, redis::reply>> walk_keys(
    const stagger::fleet_options& options, const std::string& pattern,
    const std::function<std::vector<std::string>(const std::string& key)>& command) {
    try {
        return key_walker(options, pattern, command).run();
    } catch (const std::invalid_argument& wrong) {
        throw failure(exit_code::wrong_usage, std::string("--fleet-ca: ") + wrong.what());
    }
}

}  // namespace app
