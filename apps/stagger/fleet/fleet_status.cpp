#include "fleet_status.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <charconv>
#include <memory>
#include <optional>
#include <stdexcept>
#include <tuple>
#include <variant>

#include "cli/exit_code.hpp"
#include "fleet/message.hpp"
#include "net/fleet_store.hpp"
#include "redis/connection.hpp"

namespace app {
namespace {

namespace redis = stagger::redis;

// Of each page of the store's list of keys.
constexpr auto keys_at_once = "1000";

/// One walk through the keys of a fleet.
class status_reader final : public redis::connection_user {
 public:
    explicit status_reader(const stagger::fleet_options& options)
        : pattern_(options.prefix() + ":{*}:state") {
        const auto where = stagger::detail::store_of(options);
        store_ =
            std::make_shared<redis::connection>(context_.get_executor(), where.address, where.tls, *this);
    }

    std::vector<shared_limit> run() {
        store_->start();
        context_.run();
        if (!problem_.empty()) throw failure(exit_code::endpoint_unusable, problem_);
        const auto by_name = [](const shared_limit& left, const shared_limit& right) {
            return std::tie(left.endpoint, left.model) < std::tie(right.endpoint, right.model);
        };
        std::sort(found_.begin(), found_.end(), by_name);
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
            store_->send({"GET", key.text}, [this](const redis::reply& value) { take_state(value); });
        }
        is_last_page_ = got.items[0].text == "0";
        is_last_page_ ? end_if_done() : look(got.items[0].text);
    }
    void take_state(const redis::reply& got) {
        --asked_;
        if (got.is_error()) return end(got.text);
        try {
            // One that has just expired is no more.
            if (!got.text.empty()) found_.push_back(parse_shared_limit(got.text));
        } catch (const std::invalid_argument&) {
            // Of another version; the others are shown.
        }
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
    boost::asio::io_context context_{1};
    std::shared_ptr<redis::connection> store_;
    std::vector<shared_limit> found_;
    std::size_t asked_ = 0;
    bool is_last_page_ = false;
    std::string problem_;
};

std::string_view take_line(std::string_view& text) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    return line;
}

}  // namespace

shared_limit parse_shared_limit(std::string_view text) {
    std::string_view line = take_line(text);
    shared_limit found;
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), found.processes);
    const auto used = static_cast<std::size_t>(end - line.data());
    if (error != std::errc() || used == line.size() || line[used] != ' ')
        throw std::invalid_argument("state: must begin with a number of processes");
    const auto said = stagger::fleet::parse_from_leader(line.substr(used + 1));
    const auto* beat = std::get_if<stagger::fleet::heartbeat>(&said);
    if (!beat) throw std::invalid_argument("state: must have a heartbeat");
    found.active = std::min(beat->active, found.processes);
    found.per_s = beat->per_s;
    found.is_measured = beat->is_measured;
    found.mode = beat->mode;
    found.term = beat->term;
    found.endpoint = take_line(text);
    found.model = text;
    return found;
}

std::vector<shared_limit> read_fleet_status(const stagger::fleet_options& options) {
    try {
        return status_reader(options).run();
    } catch (const std::invalid_argument& wrong) {
        throw failure(exit_code::wrong_usage, std::string("--fleet-ca: ") + wrong.what());
    }
}

}  // namespace app
