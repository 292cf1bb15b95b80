#include "checked_answers.hpp"

#include <boost/asio/any_completion_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>

#include "batch/batch_error.hpp"
#include "dialect/answer_ending.hpp"

namespace app {
namespace {

namespace asio = boost::asio;
using stagger::completion;

void add(std::optional<std::uint64_t>& sum, const std::optional<std::uint64_t>& more) {
    if (more) sum = sum.value_or(0) + *more;
}

// The member `refusal` of a message, where it is a text. Inside an answer's own text its quotes would be
// escaped.
bool has_refusal(const std::string& raw) {
    constexpr std::string_view name = "\"refusal\"";
    for (auto at = raw.find(name); at != std::string::npos; at = raw.find(name, at + 1)) {
        const auto value = raw.find_first_not_of(" \t\r\n:", at + name.size());
        if (value != std::string::npos && raw[value] == '"') return true;
    }
    return false;
}

}  // namespace

bool is_truncated(const completion& answer) {
    return stagger::wire::ending_of(answer.finish_reason) == stagger::wire::answer_ending::cut_off;
}

bool note_refusal(completion& answer) {
    if (stagger::wire::ending_of(answer.finish_reason) == stagger::wire::answer_ending::refused) return true;
    if (!has_refusal(answer.raw)) return false;
    answer.finish_reason = "refusal";
    return true;
}

struct checked_answers::question {
    // Boost 1.81's any_completion_handler cannot be assigned to: it is made where it stays.
    explicit question(handler called_last) : done(std::move(called_last)) {}

    std::optional<stagger::completion_request> request;  // kept only where it may be asked again
    handler done;
    unsigned retries_left = 0;
    stagger::diagnostic effort;  // of the answers before
    stagger::token_usage usage;
    std::vector<stagger::failed_try> tries;

    void add_to(completion& answer) {
        answer.info.attempts += effort.attempts;
        answer.info.rejections += effort.rejections;
        answer.info.unreadable_answers += effort.unreadable_answers;
        answer.info.queued += effort.queued;
        add(answer.usage.prompt_tokens, usage.prompt_tokens);
        add(answer.usage.completion_tokens, usage.completion_tokens);
    }
    void end(stagger::error_code error, completion answer) {
        add_to(answer);
        if (!tries.empty()) {
            tries.insert(tries.end(), answer.info.tries.begin(), answer.info.tries.end());
            answer.info.tries = std::move(tries);
        }
        std::move(done)(error, std::move(answer));
    }
};

stagger::batch::transport checked_answers::transport() {
    auto made = through_;
    made.send = [self = shared_from_this()](stagger::completion_request request, handler done) {
        auto one = std::make_shared<question>(std::move(done));
        if (self->rules_.expected && self->rules_.retries > 0) one->request = request;
        one->retries_left = self->rules_.retries;
        self->ask(std::move(one), std::move(request));
    };
    return made;
}

void checked_answers::ask(std::shared_ptr<question> one, stagger::completion_request request) {
    const auto slot = asio::get_associated_cancellation_slot(one->done);
    const asio::any_completion_executor own = asio::get_associated_executor(one->done, through_.executor);
    auto use = [self = shared_from_this(), one = std::move(one)](stagger::error_code error,
                                                                 completion answer) mutable {
        self->answered(std::move(one), error, std::move(answer));
    };
    through_.send(std::move(request),
                  asio::bind_cancellation_slot(slot, asio::bind_executor(own, std::move(use))));
}

void checked_answers::answered(std::shared_ptr<question> one, stagger::error_code error, completion answer) {
    if (error) return one->end(error, std::move(answer));
    const bool refused = note_refusal(answer);
    const bool truncated = is_truncated(answer);
    auto problem = rules_.expected ? rules_.expected->problem(answer.text) : std::nullopt;
    if (problem && refused) problem = "the model refused to answer";
    if (problem && truncated) problem = "it was cut off at its greatest length (--max-tokens)";
    if (!problem && rules_.fail_truncated && truncated)
        problem = "the answer was cut off at its greatest length (--max-tokens)";
    if (!problem && rules_.fail_truncated && refused) problem = "the model refused to answer";
    if (!problem) return one->end(error, std::move(answer));
    const bool hopeless = truncated || refused || !one->request || one->retries_left == 0;
    if (hopeless) {
        answer.info.message = *problem;
        return one->end(stagger::batch::batch_errc::answer_not_as_expected, std::move(answer));
    }
    --one->retries_left;
    stagger::failed_try wrong;
    wrong.error = stagger::batch::batch_errc::answer_not_as_expected;
    wrong.http_status = answer.info.http_status;
    wrong.message = *problem;
    one->tries.push_back(std::move(wrong));
    one->add_to(answer);
    one->effort = answer.info;
    one->usage = answer.usage;
    auto again = asked_again(*one->request, encoding_, answer.text, rules_.expected->note(*problem));
    again.tag(one->request->tag()).label(one->request->label());
    ask(std::move(one), std::move(again));
}

}  // namespace app
