#include <poll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>

#include "batch/endpoint_watch.hpp"
#include "batch/write_all.hpp"
#include "cli/commands.hpp"
#include "cli/distinct_files.hpp"
#include "cli/output_file.hpp"
#include "sending/attempt_log.hpp"
#include "sending/cleartext_key.hpp"
#include "sending/closing_notice.hpp"
#include "sending/decision_log_file.hpp"
#include "sending/log.hpp"
#include "sending/run_memory.hpp"
#include "sending/send_options.hpp"
#include "sending/summary.hpp"
#include "sending/transport_log.hpp"
#include "stagger/admission_watch.hpp"
#include "terminal/console.hpp"

namespace asio = boost::asio;
namespace batch = stagger::batch;

namespace app {
namespace {

constexpr auto usual_deadline = std::chrono::minutes(10);
constexpr std::size_t longest_prompt_bytes = stagger::longest_prompt_line;

std::string read_prompt(console& out) {
    if (::isatty(STDIN_FILENO) == 1) out.remark("reading the prompt from standard input; Ctrl-D ends it");
    std::string prompt;
    std::string block(64 * 1024, '\0');
    for (;;) {
        const auto got = ::read(STDIN_FILENO, block.data(), block.size());
        if (got == 0) break;
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && errno == EAGAIN) {
            pollfd wait{STDIN_FILENO, POLLIN, 0};
            ::poll(&wait, 1, -1);
            continue;
        }
        if (got < 0)
            throw failure(exit_code::file_failed, "standard input: " + batch::system_failure().message());
        prompt.append(block, 0, static_cast<std::size_t>(got));
        if (prompt.size() > longest_prompt_bytes) {
            throw failure(exit_code::wrong_usage, "standard input: the prompt is longer than 16 MiB");
        }
    }
    // The line end that echo and editors add is no part of the question.
    if (prompt.ends_with('\n')) prompt.pop_back();
    if (prompt.ends_with('\r')) prompt.pop_back();
    return prompt;
}

/// One completion, and what can end it early.
class complete_session {
 public:
    /// @param streamed the text is printed as it arrives
    complete_session(const send_options& options, bool streamed, console& out)
        : out_(out),
          streamed_(streamed),
          log_(make_log(out, options.log_level, options.log_file)),
          plan_(make_plan(options, usual_deadline)),
          summary_(options.summary_file),
          started_(std::chrono::steady_clock::now()),
          watch_(started_),
          signals_(context_, SIGINT, SIGTERM),
          check_timer_(context_),
          closing_(context_, out, log_, [this] { return std::optional(client_->status()); }),
          max_wait_(options.max_wait) {
        closing_.hide(plan_.hidden);
        if (const auto warning = cleartext_key_warning(plan_); !warning.empty()) out_.remark(warning);
        closing_.longest_wait(max_wait_);
        if (max_wait_ > stagger::duration::zero()) admission_.emplace(max_wait_);
        plan_.client.observer(
            std::make_shared<attempt_log>(log_, [this](const stagger::attempt_events::done& attempt) {
                // One answer that is broken is an accident; only the many of a batch show an endpoint that
                // breaks all.
                const bool broken = attempt.error == stagger::errc::answer_truncated ||
                                    attempt.error == stagger::errc::unreadable_answer;
                broken ? watch_.answered() : watch_.ended(attempt.error);
                closing_.attempt_ended(attempt);
            }));
        // The same patience for each piece as for a whole answer.
        plan_.client.stream_idle_timeout(options.timeout);
        show_fleet_notices(plan_, context_.get_executor(), out_);
        log_transport(plan_, *log_);
        memory_.emplace(options, plan_, log_);
        client_.emplace(make_client(context_.get_executor(), plan_));
    }

    exit_code run(stagger::completion_request request) {
        apply_defaults(plan_, request);
        signals_.async_wait([this](stagger::error_code error, int) {
            if (error) return;
            interrupted_ = true;
            client_->close();
        });
        check_later();
        closing_.start();
        streamed_ ? start_streamed(std::move(request)) : start_whole(std::move(request));
        context_.run();
        return conclude();
    }

 private:
    void start_whole(stagger::completion_request request) {
        client_->async_complete(std::move(request),
                                [this](stagger::error_code error, stagger::completion answer) {
                                    if (!error) print(answer.text);
                                    end(error, std::move(answer));
                                });
    }

    void start_streamed(stagger::completion_request request) {
        client_->async_stream(std::move(request),
                              [this](stagger::error_code error, stagger::completion_stream stream) {
                                  stream_ = std::move(stream);
                                  error ? end(error, stream_.result()) : print_next();
                              });
    }

    void print_next() {
        stream_.async_next(
            [this](stagger::error_code error, const std::optional<stagger::completion_delta>& delta) {
                if (error || !delta) return end(error, stream_.result());
                watch_.answered();
                answering_ = true;
                print(delta->text);
                print_next();
            });
    }

    void print(const std::string& text) {
        if (text.empty()) return;
        write_standard_output(text);
        line_is_open_ = text.back() != '\n';
        printed_ = true;
    }

    void end(stagger::error_code error, stagger::completion answer) {
        error_ = error;
        answer_ = std::move(answer);
        context_.stop();
    }

    void check_later() {
        check_timer_.expires_after(batch::endpoint_watch::check_interval);
        check_timer_.async_wait([this](stagger::error_code error) {
            if (error) return;
            unusable_ = watch_.verdict(std::chrono::steady_clock::now(), client_->status().in_flight);
            check_admission();
            unusable_ || gave_up_ ? client_->close() : check_later();
        });
    }

    void check_admission() {
        if (!admission_ || answering_) return;
        const auto verdict = admission_->look(std::chrono::steady_clock::now(), client_->status());
        if (verdict) gave_up_ = closing_.gave_up(verdict->opens_at);
    }

    /// The request may have ended before the next check by its deadline, which lies before what it was told.
    void note_late_hint() {
        const auto until = closing_.told_until();
        if (!admission_ || gave_up_ || error_ != stagger::errc::deadline_exceeded || !until) return;
        if (*until - std::chrono::steady_clock::now() > max_wait_) gave_up_ = closing_.gave_up(until);
    }

    exit_code conclude() {
        if (!unusable_) unusable_ = watch_.verdict(std::chrono::steady_clock::now(), 0);
        if (!error_) unusable_.reset();
        closing_.finish();
        note_late_hint();
        const auto code = explain();
        batch::run_report report;
        report.elapsed = std::chrono::steady_clock::now() - started_;
        report.counts.add_effort(answer_.info);
        report.counts.add_result(error_, answer_);
        report.left = 0;
        memory_->keep(client_->gates());
        summary_.write(to_json(report, plan_.policy));
        if (plan_.decisions) plan_.decisions->finish();
        return code;
    }

    exit_code explain() {
        const auto& info = answer_.info;
        if (line_is_open_ || (!error_ && !printed_)) write_standard_output("\n");
        if (!error_) return exit_code::done;
        if (interrupted_) {
            out_.remark("interrupted");
            return exit_code::interrupted;
        }
        if (unusable_) {
            out_.error("cannot use " + plan_.shown_url + ": " + batch::explain(*unusable_, info.message) +
                       missing_key(plan_, *unusable_));
            return exit_code::endpoint_unusable;
        }
        if (gave_up_) {
            out_.error("stopped, " + *gave_up_ + "; not answered");
            return exit_code::nothing_admitted;
        }
        std::string message = error_.message();
        if (info.attempts > 1) message += " after " + std::to_string(info.attempts) + " attempts";
        if (info.last_error && info.last_error != error_) message += "; " + info.last_error.message();
        if (!info.message.empty() && info.message != error_.message()) message += ": " + info.message;
        if (const auto until = closing_.until_told(); !until.empty())
            message += "; the server admits nothing " + until;
        if (printed_) message += "; the answer above is not whole";
        out_.error(message);
        return error_ == stagger::errc::invalid_request ? exit_code::wrong_usage : exit_code::some_failed;
    }

    console& out_;
    bool streamed_;
    std::shared_ptr<spdlog::logger> log_;
    send_plan plan_;
    std::optional<run_memory> memory_;
    output_file summary_;
    stagger::time_point started_;
    batch::endpoint_watch watch_;
    asio::io_context context_{1};
    asio::signal_set signals_;
    asio::steady_timer check_timer_;
    closing_notice closing_;
    stagger::duration max_wait_;
    std::optional<stagger::admission_watch> admission_;
    std::optional<std::string> gave_up_;  // waiting, and why
    bool answering_ = false;
    std::optional<stagger::client> client_;
    stagger::completion_stream stream_;
    stagger::error_code error_ = stagger::errc::shut_down;
    stagger::completion answer_;
    std::optional<stagger::error_code> unusable_;
    bool interrupted_ = false;
    bool printed_ = false;
    bool line_is_open_ = false;  // the text has not ended with a line end
};

class complete_command final : public command {
 public:
    explicit complete_command(CLI::App& parser) {
        parser.add_option("PROMPT", prompt_,
                          "The prompt; without it, or as -, it is read from standard input");
        parser.add_option("--system", system_, "Text in front of the prompt that says how to answer")
            ->type_name("TEXT");
        parser.add_flag("--stream", streamed_, "Print the text as it arrives");
        add_send_options(parser, options_);
        add_route_options(parser, options_);
    }

    exit_code run() override {
        console out(options_.quiet);
        one_is_standard_output({{"the answer", "-"},
                                {"--summary", options_.summary_file},
                                {"--decision-log", options_.decision_log}});
        complete_session one(options_, streamed_, out);
        const auto prompt = !prompt_ || *prompt_ == "-" ? read_prompt(out) : *prompt_;
        if (prompt.find_first_not_of(" \t\r\n") == std::string::npos) {
            throw failure(exit_code::wrong_usage, "the prompt is empty");
        }
        stagger::completion_request request(prompt);
        if (system_) request.system(*system_);
        return one.run(std::move(request));
    }

 private:
    std::optional<std::string> prompt_;
    std::optional<std::string> system_;
    bool streamed_ = false;
    send_options options_;
};

}  // namespace

std::unique_ptr<command> make_complete_command(CLI::App& parser) {
    return std::make_unique<complete_command>(parser);
}

}  // namespace app
