#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "batch/result_output.hpp"
#include "fleet/job_work.hpp"
#include "job/job_store.hpp"
#include "job/job_text.hpp"
#include "stagger/batch.hpp"
#include "stagger/fleet.hpp"
#include "stagger/prompt_source.hpp"

namespace stagger::job {

/// What a worker has to say, on its executor.
struct worker_notices {
    /// For people: that there is no such job yet, that the store is gone, or is back.
    std::function<void(const std::string&)> remark;
    /// It cannot go on, and why. Said once.
    std::function<void(const std::string&)> failed;
};

/** @brief What makes a batch of a worker: a source of prompts and an output for results that both are a job's
 * store.
 *
 * No more is taken than what is in flight and what goes next: what lies in one worker, another cannot do. It
 * is used from one thread, that of its executor.
 */
class job_worker final : public std::enable_shared_from_this<job_worker>, private store_user {
 public:
    /// A store that was never reached is waited for so long.
    static constexpr duration reaches_within = std::chrono::seconds(10);

    /// @param name one that no other worker has
    /// @throws std::invalid_argument for a ca_file that cannot be used
    job_worker(const io_executor& executor, const fleet_options& fleet, const std::string& job,
               std::string name, worker_notices notices);

    void start();
    /// Nothing is told any more, and the store is let go. What it holds is handed out again in a while.
    void stop();

    /// Waits until somebody feeds the job. Nothing where it was stopped, or failed.
    boost::asio::awaitable<std::optional<description>> join();

    /// The job's prompts, until it is done. The source and the output keep the worker.
    std::unique_ptr<prompt_source> prompts();
    std::unique_ptr<batch::result_output> output();
    /// How many requests are in flight, which more is taken by; before anything is taken.
    void in_flight(std::function<std::size_t()> count) { in_flight_ = std::move(count); }
    /// That prompt will not be answered here.
    void give_back(const batch_result& result);
    /// Gives back what is left, tells the store of every answer, and leaves: returns once it has, or was
    /// stopped.
    boost::asio::awaitable<void> leave();

    std::size_t delivered() const { return delivered_; }

 private:
    class source;
    class sink;
    using bell = boost::asio::experimental::channel<io_executor, void(error_code)>;

    void store_is_up() override;
    void store_is_down(const std::string& problem) override;
    void store_refuses(const std::string& problem) override { fail(problem); }

    void take_line(std::string_view line);
    std::optional<batch_prompt> next_prompt();
    void drive();
    void set_timer();
    void look();
    std::size_t wanted(time_point now);
    void fail(const std::string& problem);

    void run_errand(const fleet::work_errands::hold& what);
    void run_errand(const fleet::work_errands::take& what);
    void run_errand(const fleet::work_errands::renew& what);
    void run_errand(const fleet::work_errands::finish& what);
    void run_errand(const fleet::work_errands::give_back& what);
    void run_errand(const fleet::work_errands::leave& what);

    const io_executor executor_;
    const std::string job_;
    const std::string name_;
    const worker_notices notices_;
    fleet::job_work work_;
    job_store store_;
    io_timer timer_;
    bell bell_;
    std::function<std::size_t()> in_flight_;
    std::deque<fleet::job_item> ready_;                  // taken, not begun
    std::unordered_map<std::size_t, std::string> keys_;  // of what is begun, by position
    std::size_t next_position_ = 1;
    std::optional<description> about_;
    std::size_t delivered_ = 0;
    std::size_t ended_ = 0;         // in this second
    std::size_t ended_before_ = 0;  // in the last one
    time_point second_began_{};
    time_point started_at_{};
    bool is_joined_ = false;
    bool is_leaving_ = false;
    bool was_up_ = false;
    bool is_up_ = false;
    bool told_absent_ = false;
    bool told_full_ = false;
    bool is_over_ = false;
    bool is_driving_ = false;
    bool must_drive_ = false;
};

}  // namespace stagger::job
