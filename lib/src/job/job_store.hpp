#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "http/io_types.hpp"
#include "net/fleet_store.hpp"
#include "redis/connection.hpp"
#include "stagger/fleet.hpp"

namespace stagger::job {

/// Who works with a job's store, and is told on its executor what becomes of it.
class store_user {
 public:
    virtual void store_is_up() = 0;
    /// It is tried again. What was asked and not answered is not answered any more.
    virtual void store_is_down(const std::string& problem) = 0;
    /// Nothing that comes later can be expected to go better: a right that is missing, an old version.
    virtual void store_refuses(const std::string& problem) = 0;

 protected:
    ~store_user() = default;
};

/** @brief A job's keys at a store, and the connection to it.
 *
 * What goes wrong is sorted here: a store that is busy, or has just been started, is as one that is gone for
 * a moment; one that has no memory left says so to whoever asked; anything else is final.
 */
class job_store final : private redis::connection_user {
 public:
    /// A store that is slower than that is taken for gone: nobody waits for a single command of a job.
    static constexpr duration answers_within = std::chrono::seconds(10);

    /// What a script answered.
    struct outcome {
        bool is_full = false;  ///< the store has no memory left; then there is no value
        redis::reply value;
    };
    using answer = std::function<void(const outcome&)>;

    /// @param fleet validated
    /// @param job a name as is_job_name has it
    /// @throws std::invalid_argument for a ca_file that cannot be used
    job_store(const io_executor& executor, const fleet_options& fleet, const std::string& job,
              store_user& user);
    job_store(const job_store&) = delete;
    job_store& operator=(const job_store&) = delete;
    ~job_store() { stop(); }

    void start() { connection_->start(); }
    /// Nothing is told any more.
    void stop() { connection_->stop(); }

    /// Runs one of `scripts` with these arguments. Nothing happens while the store is down.
    void run(const std::string& script, const std::vector<std::string>& arguments, answer then);

 private:
    void on_up() override { user_.store_is_up(); }
    void on_down(const std::string& problem) override { user_.store_is_down(problem); }
    void take(const redis::reply& got, const answer& then);
    std::string refusal(const redis::reply& got) const;

    const detail::fleet_store where_;
    store_user& user_;
    const std::vector<std::string> keys_;
    const std::shared_ptr<redis::connection> connection_;
};

}  // namespace stagger::job
