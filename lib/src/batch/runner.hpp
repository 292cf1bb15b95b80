#pragma once

#include <boost/asio/steady_timer.hpp>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "batch/endpoint_watch.hpp"
#include "batch/result_output.hpp"
#include "batch/transport.hpp"
#include "batch/unanswered_prompts.hpp"
#include "batch/usability_watch.hpp"
#include "dialect/secrets.hpp"
#include "stagger/admission_watch.hpp"
#include "stagger/batch.hpp"

namespace stagger::batch {

struct run_counts {
    std::size_t succeeded = 0;
    std::size_t failed = 0;   ///< recorded as failed
    std::size_t skipped = 0;  ///< answered before
    std::size_t ended = 0;    ///< recorded, or given up when the run was stopped
    std::uint64_t attempts = 0;
    std::uint64_t rejected = 0;
    std::uint64_t unreadable_answers = 0;  ///< attempts whose answer was no JSON, or a part of it
    std::size_t truncated = 0;             ///< answers that were cut off at their greatest length
    std::size_t empty = 0;                 ///< answers that say nothing
    std::size_t refused = 0;               ///< answers that the model, or a filter, refused
    std::size_t asked_again = 0;           ///< answers that were not as expected, and asked for once more
    std::uint64_t prompt_tokens = 0;
    std::uint64_t completion_tokens = 0;
    duration waiting{0};                          ///< in line and backing off, all prompts together
    std::map<std::string, std::size_t> failures;  ///< by what the error is called

    std::size_t recorded() const { return succeeded + failed; }
    void add_effort(const diagnostic& info);
    void add_result(const error_code& error, const completion& answer);
};

/// Why a run came to its end.
enum class run_end {
    finished,
    interrupted,
    deadline_passed,
    too_many_failures,
    nothing_admitted,  ///< for longer than `run_limits::longest_wait`
    endpoint_unusable,
    output_failed,
    input_failed,
};

/// What ends a run before its list does. What is in flight then is awaited.
struct run_limits {
    duration deadline{0};                      ///< from its beginning; 0: none
    duration longest_wait{0};                  ///< with nothing admitted, as admission_watch has it; 0: none
    std::optional<std::size_t> most_failures;  ///< results of this run
    std::optional<double>
        most_failures_share;  ///< of the results of this run, in [0, 1], once there are enough

    /// A share says nothing of the first few results.
    static constexpr std::size_t enough_for_a_share = 100;
};

struct run_report {
    run_end end = run_end::finished;
    std::string problem;        ///< what made it end early, in words
    error_code unusable;        ///< why the endpoint cannot be used
    std::exception_ptr thrown;  ///< by the source, where that ended the run
    /// Until when nothing is admitted, where that ended the run; nothing there: it is not known.
    std::optional<time_point> opens_at;
    std::optional<std::size_t> left;  ///< prompts not recorded; nothing if their number is unknown
    duration elapsed{0};
    run_counts counts;
};

/** Runs a prompt list into a results file, or whatever else takes results.
 *
 * Every result becomes a line, except of prompts that were given up because the run was stopped: those stay
 * unanswered for the next run. Used from one thread, that of the transport's executor.
 */
class runner : public std::enable_shared_from_this<runner> {
 public:
    /// Told of every result that is recorded.
    using observer = std::function<void(const batch_result&)>;

    runner(transport target, std::unique_ptr<prompt_source> prompts, std::unique_ptr<result_output> results,
           wire::secrets hidden = {});

    /// How prompts are taken up and results ordered; before `run`.
    void options(const batch_options& chosen) { order_ = chosen; }
    /// Before `run`; as unanswered_prompts has it.
    void select(const row_selection& selected, std::optional<std::size_t> to_do);
    /// Before `run`.
    void limits(const run_limits& chosen) { limits_ = chosen; }
    void on_result(observer told) { told_ = std::move(told); }
    /// Told of every result that is not recorded, since the run was stopped or its server cannot be used.
    void on_given_up(observer told) { told_given_up_ = std::move(told); }
    /// An attempt ended; feeds the decision whether the endpoint can be used.
    void attempt_ended(const diagnostic& info);

    boost::asio::awaitable<run_report> run();

    /// Sends nothing new and awaits what is in flight.
    void drain();
    /// Gives up what is in flight, too.
    void stop();

    const run_counts& counts() const { return counts_; }
    /// Prompts still to be recorded, where that is known.
    std::optional<std::size_t> left() const;
    coordinator_status status() const { return target_.status(); }
    /// How many of its recorded results last as `result_output` promises; the first ones.
    std::size_t results_kept() const { return results_->lines_kept(); }
    /// How it stands now; final once `run` has answered it.
    run_report report() const;
    bool stopping() const { return end_ != run_end::finished; }
    duration elapsed() const;

 private:
    void take(batch_result result);
    boost::asio::awaitable<void> write_taken();
    std::string line_of(batch_result& result) const;
    bool given_up(const batch_result& result) const;
    void record(batch_result result, std::string line);
    void settle_held();
    void record_held();
    void apply(const usability_watch::order& wanted);
    void check_usability();
    void note_unusable();
    void check_endpoint();
    void check_later();
    void check_failures();
    void end_at_deadline();
    void check_admission();
    void wind_down(run_end why, std::string problem);
    void end_early(run_end why, std::string problem);

    transport target_;
    std::unique_ptr<result_output> results_;
    unanswered_prompts* prompts_;  // owned by the batch
    std::shared_ptr<engine> engine_;
    std::optional<batch_results> batch_;
    std::string lines_;                // of results that are not written yet
    std::vector<batch_result> taken_;  // those results, without the bodies
    /// Failed in a way that may be the endpoint's: recorded once it turns out to be usable.
    struct held_result {
        batch_result result;
        std::string line;
        time_point ended;
    };
    std::vector<held_result> held_;
    wire::secrets hidden_;
    batch_options order_;
    run_limits limits_;
    observer told_;
    observer told_given_up_;
    time_point started_;
    time_point last_result_;
    std::optional<std::size_t> to_do_;
    endpoint_watch watch_;
    usability_watch usability_;
    std::optional<time_point> all_unusable_since_;
    std::optional<admission_watch> admission_;
    boost::asio::steady_timer check_timer_;
    boost::asio::steady_timer deadline_timer_;
    run_counts counts_;
    run_end end_ = run_end::finished;
    std::string last_failure_;  // of those that concern the endpoint
    std::string last_refusal_;  // in the server's words
    std::string problem_;
    error_code unusable_;
    std::optional<time_point> opens_at_;
    std::unique_ptr<prompt_source> source_;
};

}  // namespace stagger::batch
