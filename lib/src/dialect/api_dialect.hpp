#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dialect/delivery.hpp"
#include "dialect/dialect.hpp"
#include "dialect/error_body.hpp"
#include "dialect/sse_parser.hpp"
#include "dialect/status_meaning.hpp"
#include "json/json_document.hpp"
#include "stagger/completion.hpp"
#include "stagger/completion_choice.hpp"
#include "stagger/dialect.hpp"

namespace stagger::wire {

/// What a request in a dialect can say beside its prompt. The rest is refused by its name.
struct abilities {
    enum class pictures { none, contained, linked };

    bool system = true;
    bool chats = true;
    bool max_new_tokens = true;
    bool temperature = true;
    bool stop = true;
    bool tools = true;
    bool json_schema = true;
    pictures images = pictures::linked;  ///< by the data in a URL, or by any URL as well
    bool streams = true;
    bool needs_model = false;  ///< nothing can be sent without one
};

/// What a limit on tokens counts of an answer.
enum class answer_charge {
    maximum,  ///< what it may have at most, reserved when it is asked for
    made,     ///< what it has
    nothing,  ///< there is no text
};

/// What the events of a stream have come to so far.
struct stream_progress {
    std::vector<tool_call>& calls;  ///< put together so far
    std::string& id;                ///< the server's name for the answer; to be set where it is empty
    bool has_begun = false;         ///< a part of an answer has come
    bool is_finished = false;       ///< by the dialect's own sign
    bool has_nothing = false;       ///< the event that was just read is no part of the answer
    /// It is handed out, but an answer has not begun with it: it announces one, or tells of it.
    bool stands_beside = false;
};

/** @brief The form of requests and answers that an API has: everything in which one differs from another.
 *
 * Implemented once for each `stagger::dialect`, in a file of its own that `registry.cpp` names. Without
 * state, without input or output, and the same from any thread. Limits that headers tell are read alike for
 * all (`rate_limit_headers.hpp`), and so are the names of errors (`error_meaning.hpp`): gateways speak one
 * dialect and pass on what another server said.
 */
class api_dialect {
 public:
    constexpr api_dialect() = default;
    api_dialect(const api_dialect&) = delete;
    api_dialect& operator=(const api_dialect&) = delete;
    constexpr virtual ~api_dialect() = default;

    virtual dialect value() const = 0;
    virtual abilities can() const { return {}; }

    // Where requests go.
    /// How paths of its operations end, the longest first: "/chat/completions".
    virtual std::span<const std::string_view> operations() const = 0;
    /// What stands between a base URL and an operation unless the base URL has it: "/v1", or nothing.
    virtual std::string_view version() const { return {}; }
    /// Whether a path ends with a version of the API, so that it needs no other.
    virtual bool has_version(std::string_view path) const { return path.ends_with(version()); }
    /// A base URL's path without the operation that it may end in.
    virtual std::string_view without_operation(std::string_view path) const;
    /// The path of a request from the API's root on, with a query where it has one.
    virtual std::string operation(std::string_view model, delivery how) const = 0;
    /// The model that a URL names, or nothing.
    virtual std::string model_in(std::string_view) const { return {}; }
    /// Whether each model has a path of its own.
    virtual bool names_model_in_target() const { return false; }

    // What programs look for in the environment.
    virtual std::string_view base_url_variable() const { return "OPENAI_BASE_URL"; }
    /// In the order in which they are looked at, for hosts that nobody knows (`known_hosts.hpp`).
    virtual std::span<const std::string_view> key_variables() const;

    // What is sent.
    /// What carries the key, which is not empty. Default: Bearer.
    virtual void add_authorization(std::vector<field>& fields, std::string_view api_key) const;
    /// Other fields that every request has.
    virtual void add_fields(std::vector<field>&) const {}
    /// Whether it is one of OpenAI's, which Azure offers by paths and keys of its own.
    virtual bool is_at_azure() const { return false; }
    /// The member of a body that asks: "messages", "prompt".
    virtual std::string_view question() const = 0;
    /// Whether a system text is one of the messages, and not a member beside them.
    virtual bool has_system_turn() const { return false; }
    /// The model that a whole body names, where it does not stay in the body.
    virtual std::string model_moved_out_of(const completion_request&) const { return {}; }
    /** The body of a request.
     * @param model may be empty: then none is sent; set to the one that a whole body names itself
     * @param problem set if the request breaks a rule
     */
    virtual std::string body_of(const completion_request& request, std::string& model, delivery how,
                                std::string& problem) const = 0;
    virtual double highest_temperature() const { return 2; }
    virtual answer_charge charge() const { return answer_charge::maximum; }

    // What comes back.
    /// Whether an answer is an object, and not any JSON.
    virtual bool answers_by_object() const { return true; }
    /// How much of an answer is read: what lies deeper costs only time.
    virtual json_document::deepest depth() const { return json_document::deepest::of_an_answer; }
    /// Takes text, finish reason, usage and id out of an answer; returns what is wrong with it, or nothing.
    /// @param text of the document, for what is passed on as it was written
    virtual std::string read_answer(const json_node& document, std::string_view text,
                                    completion& answer) const = 0;
    /// Whether an answer, or an event of one, says anything beside the text and the calls that are taken out
    /// of it: a refusal, a picture, another choice. Default: nothing does.
    virtual bool says_more(const json_node&) const { return false; }
    /// All choices of an answer that has the shape of this dialect; none of any other, and where it has none.
    virtual std::vector<completion_choice> read_choices(const json_node&, std::string_view) const {
        return {};
    }
    /// Whether an answer stands in the document, beside an error that it reports.
    virtual bool has_answer(const json_node&) const { return false; }
    /// The error that a success reports in its body, if it does.
    virtual std::optional<error_body> error_in(const json_node& document) const;
    /// What an error means in this dialect alone.
    virtual std::optional<status_meaning> meaning_of(unsigned, const error_body&) const {
        return std::nullopt;
    }

    // What comes back as a stream.
    /// Whether `[DONE]` may end a stream.
    virtual bool has_end_marker() const { return true; }
    /// The error that an event reports, if it does.
    virtual std::optional<error_body> error_in_event(const json_node& event) const;
    /// Takes text, finish reason and usage out of one event; returns what is wrong with it, or nothing.
    virtual std::string read_event(const json_node& event, std::string_view text, completion_delta& delta,
                                   stream_progress& progress) const = 0;
    /// Whether a stream that just ends may be whole. Default: once a finish reason was given.
    virtual bool may_end_after(const completion& answer) const { return !answer.finish_reason.empty(); }
};

}  // namespace stagger::wire
