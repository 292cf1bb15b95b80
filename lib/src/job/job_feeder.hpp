#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "batch/transport.hpp"
#include "fleet/job_feed.hpp"
#include "job/job_store.hpp"
#include "job/job_text.hpp"
#include "stagger/batch.hpp"
#include "stagger/prompt_source.hpp"

namespace stagger::job {

/// What a feeder has to say, on its executor.
struct feeder_notices {
    /// For people: the store is gone, or is back.
    std::function<void(const std::string&)> remark;
    /// The job cannot go on, and why. Said once.
    std::function<void(const std::string&)> failed;
    /// How many of the results that were told to `recorded` are on disk; the first ones.
    std::function<std::size_t()> results_kept;
    /// Of the run so far: what is recorded and failed, and what is left.
    std::function<description()> progress;
};

/** @brief The transport of a batch whose prompts are answered by workers: puts them into a job's store, and
 * brings their answers.
 *
 * A batch that uses it needs `keyed` prompts, and tells it of every result that it has recorded. It is used
 * from one thread, that of its executor.
 */
class job_feeder final : public std::enable_shared_from_this<job_feeder>, private store_user {
 public:
    struct settings {
        fleet_options fleet;  ///< validated
        std::string job;      ///< a name as is_job_name has it
        std::string results;  ///< tells the results file from any other on any machine
        dialect spoken = dialect::openai_chat;
        std::string model;             ///< of prompts that name none
        std::uint64_t parameters = 0;  ///< hash of what, beside the prompts, decides what is asked
        bool starts_over = false;      ///< what the store has of an earlier run is not wanted
        bool goes_on = false;          ///< there are results of an earlier run
    };

    /// A store that was never reached is waited for so long.
    static constexpr duration reaches_within = std::chrono::seconds(10);
    /// At the end of a run, for the store to hear of it.
    static constexpr duration ends_within = std::chrono::seconds(10);

    /// @throws std::invalid_argument for a ca_file that cannot be used
    job_feeder(const io_executor& executor, settings chosen, feeder_notices notices);

    void start();
    /// Nothing is told any more, and the store is let go.
    void stop();

    /// The source's prompts, each with what tells it from all others.
    std::unique_ptr<prompt_source> keyed(std::unique_ptr<prompt_source> prompts) const;
    batch::transport transport();
    /// A result was written; from when it is on disk its prompt is forgotten at the store.
    void recorded(const batch_result& result);
    /// At the end of the run: tells the store, and returns when it knows, or cannot be reached in time.
    /// @param is_done every prompt has its result
    /// @return false where the store could not be told
    boost::asio::awaitable<bool> finish(bool is_done);

 private:
    enum class end_of_job { unsaid, said, told };
    struct waiting {
        explicit waiting(batch::transport::handler called) : done(std::move(called)) {}
        batch::transport::handler done;
    };

    void store_is_up() override;
    void store_is_down(const std::string& problem) override;
    void store_refuses(const std::string& problem) override { fail(problem); }

    void send(const completion_request& request, batch::transport::handler done);
    std::string unused_key(const std::string& base);
    void complete(const std::string& key, error_code error, completion answer);
    void deliver(const fleet::job_item& answer);
    void note_kept();
    void tell_end(bool is_done);
    void drive();
    void set_timer();
    void fail(const std::string& problem);
    coordinator_status status() const;

    void run_errand(const fleet::feed_errands::enter& what);
    void run_errand(const fleet::feed_errands::renew& what);
    void run_errand(const fleet::feed_errands::read& what);
    void run_errand(const fleet::feed_errands::add& what);
    void run_errand(const fleet::feed_errands::forget& what);
    void run_errand(const fleet::feed_errands::withdraw& what);
    description about() const;
    void note_workers(std::int64_t count);

    const io_executor executor_;
    const settings chosen_;
    const feeder_notices notices_;
    fleet::job_feed feed_;
    job_store store_;
    io_timer timer_;
    std::unordered_map<std::string, std::unique_ptr<waiting>> waiting_;  // by key
    std::unordered_map<std::string, std::vector<std::string>> again_;    // further keys of a prompt
    std::deque<std::string> written_;                                    // keys, until they are on disk
    std::size_t kept_ = 0;                                               // results until now
    std::size_t queued_ = 0;                                             // at the store, when it last told
    std::size_t in_work_ = 0;
    std::size_t answered_ = 0;
    std::size_t refused_ = 0;  // attempts, by all workers
    time_point started_at_{};
    bool was_up_ = false;
    bool is_up_ = false;
    bool has_entered_ = false;
    bool told_full_ = false;
    bool told_no_worker_ = false;
    end_of_job end_ = end_of_job::unsaid;
    bool is_over_ = false;
    bool is_driving_ = false;
    bool must_drive_ = false;
};

}  // namespace stagger::job
