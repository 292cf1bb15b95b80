#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stagger/chat_message.hpp"
#include "stagger/error.hpp"
#include "stagger/priority.hpp"
#include "stagger/request_phase.hpp"
#include "stagger/time.hpp"
#include "stagger/token_usage.hpp"
#include "stagger/tool_call.hpp"

namespace stagger {

/// A function that a model may ask to be called.
struct tool_definition {
    std::string name;
    std::string description;
    std::string parameters;  ///< JSON Schema of the object with its arguments, as JSON text
};

/// A schema that an answer has to follow.
struct answer_schema {
    std::string name;
    std::string schema;  ///< JSON Schema, as JSON text
};

/** @brief One prompt and its parameters, the same for every dialect.
 *
 * Setters chain and only store. Everything is checked when the request is begun, before anything is sent: a
 * broken rule ends it with errc::invalid_request, and `diagnostic::message` names the field, its rule and its
 * value. So does what the client's dialect has no words for ("stop: the openai-responses dialect has no stop
 * sequences"). Text has to be UTF-8.
 *
 * Not an aggregate on purpose: g++ 12 destroys aggregate temporaries inside `co_await` twice.
 */
class completion_request {
 public:
    explicit completion_request(std::string prompt) : prompt_(std::move(prompt)) {}
    /// A request whose whole body is given as JSON text (a line of a Batch file). What the body has is sent
    /// as it is written; model, max_new_tokens, temperature and `set` members are added where it lacks them.
    static completion_request from_body(std::string json_object);
    /** A request for any operation of the API: any JSON body, sent as it is written to any path below the
     * API's root ("embeddings", "audio/speech?x=1"). Of the answer only `raw`, and `usage` where it has one,
     * are set. Every setter that says something of the body is refused with it, and so is `async_stream`;
     * `model` only tells what goes to one model from the rest.
     */
    static completion_request post(std::string path, std::string json);
    /// A request whose question is the last of these messages: `messages` without a prompt.
    static completion_request chat(std::vector<chat_message> messages);
    completion_request(const completion_request& other);
    completion_request(completion_request&& other) noexcept = default;
    completion_request& operator=(const completion_request& other);
    completion_request& operator=(completion_request&& other) noexcept = default;
    ~completion_request() = default;

    /// What says how to answer, in front of the prompt: a system message, or what the dialect has for it.
    /// openai_completions, openai_embeddings and llm_engine have nothing.
    completion_request& system(std::string text);
    /// What was said before the prompt; the prompt is the user's last message then, unless it is empty. Each
    /// text has to be UTF-8, each image's URL as `image` has it, and the arguments of each call a JSON
    /// object. openai_completions, openai_embeddings and llm_engine have no chats.
    completion_request& messages(std::vector<chat_message> so_far);
    /// Tokens to generate at most, from 1. Unset: the server's default (LLM Engine needs one: 20; Anthropic
    /// needs one: 4096). Sent by the name that the dialect has for it; chat models that want
    /// `max_completion_tokens` get it by `set`, which takes the place of this.
    completion_request& max_new_tokens(unsigned count);
    /// 0..2 (LLM Engine and Anthropic 0..1). Unset: the server's default (LLM Engine needs one: 0.2).
    completion_request& temperature(double value);
    /// Texts at which an answer ends, without them. openai_responses has none.
    completion_request& stop(std::vector<std::string> sequences);
    /// An image beside the prompt, by its URL: http, https, or data: with base64. May be called for several.
    /// Gemini takes data: only; openai_completions, openai_embeddings and llm_engine take none.
    completion_request& image(std::string url);
    /// The same of an image's bytes. @param media_type "image/png"
    completion_request& image(std::string_view media_type, std::string_view bytes);
    /// A function that may be called, with the JSON Schema of its arguments. May be called for several.
    /// Not for openai_completions, openai_embeddings and llm_engine.
    completion_request& tool(std::string name, std::string description, std::string parameters);
    /// The answer is to be JSON that follows a schema (JSON text; OpenAI wants one that is strict).
    /// Not for openai_completions and openai_embeddings.
    /// @param name letters, digits, `_` and `-`; some dialects do not send it
    completion_request& json_schema(std::string name, std::string schema);
    /// Instead of the client's model, for this request.
    completion_request& model(std::string name);
    /// Any further member of the body, in the dialect's own words, such as `tool_choice` or `safetySettings`:
    /// sent as it is written. `json_text` is one JSON value. Names that the dialect gives a range are checked
    /// against it; one that is given twice is refused.
    completion_request& set(std::string name, std::string json_text);
    /// An id of the caller's that is sent as `x-request-id`: printable ASCII.
    completion_request& request_id(std::string id);
    /// A header of this request's, such as `traceparent`; may be called for several. It takes the place of
    /// one of that name that the client sends. Refused is what client_options::header refuses, and what says
    /// who asks (Authorization, X-Api-Key and the like): a client is one account.
    completion_request& header(std::string name, std::string value);
    /// From the call to its end, all waiting and attempts included, instead of client_options::deadline:
    /// >= 0; zero: none.
    completion_request& deadline(duration limit);
    /** @brief Its class among those that wait for the same server. Default: normal; of what a batch sends:
     * batch.
     *
     * Where several classes wait, they are sent as 16 : 4 : 1, see `stagger::priority`; a retry goes before
     * all of them. It is not sent.
     */
    completion_request& priority(stagger::priority value) { return priority_ = value, *this; }
    /// A text of the caller's that attempt_events::done brings back. It is not sent.
    completion_request& tag(std::string text);
    /// Tokens that this request costs a token budget, prompt and answer: a finite number >= 0, taken as it
    /// is. 0: estimated from the prompt's length, what the answer may have at most, else what answers have
    /// had, and settled when the server has counted.
    completion_request& expected_tokens(double count);

    /// What a decision log calls this request, such as the id of a row: some bytes of UTF-8. It is not sent.
    completion_request& label(std::string text);

    /// False: nothing was said but prompt, max_new_tokens, temperature, expected_tokens, priority and label.
    bool has_more() const { return extras_ != nullptr && extras_->is_encoded; }
    const std::string& prompt() const { return prompt_; }
    const std::string& body() const { return extras().body; }
    /// Of `post`; empty of any other.
    const std::string& path() const { return extras().path; }
    const std::optional<std::string>& system() const { return extras().system; }
    const std::vector<chat_message>& messages() const { return extras().messages; }
    const std::vector<std::string>& stop() const { return extras().stop; }
    /// URLs.
    const std::vector<std::string>& images() const { return extras().images; }
    const std::vector<tool_definition>& tools() const { return extras().tools; }
    const std::optional<answer_schema>& json_schema() const { return extras().schema; }
    std::optional<unsigned> max_new_tokens() const { return max_new_tokens_; }
    std::optional<double> temperature() const {
        return has_temperature_ ? std::optional(temperature_) : std::nullopt;
    }
    const std::string& model() const { return extras().model; }
    const std::vector<std::pair<std::string, std::string>>& members() const { return extras().members; }
    const std::string& request_id() const { return extras().request_id; }
    const std::string& label() const { return extras().label; }
    const std::vector<std::pair<std::string, std::string>>& headers() const { return extras().headers; }
    std::optional<duration> deadline() const { return extras().deadline; }
    const std::string& tag() const { return extras().tag; }
    double expected_tokens() const { return expected_tokens_; }
    std::optional<stagger::priority> priority() const { return priority_; }

 private:
    /// What few requests have.
    struct further {
        std::string body;  // not empty: this is the request, and the prompt is empty
        std::string path;  // not empty: the body goes there
        std::optional<std::string> system;
        std::vector<chat_message> messages;
        std::vector<std::string> stop;
        std::vector<std::string> images;
        std::vector<tool_definition> tools;
        std::optional<answer_schema> schema;
        std::string model;
        std::vector<std::pair<std::string, std::string>> members;
        std::string request_id;
        std::string label;
        bool is_encoded = false;  // there is more than the label
        std::vector<std::pair<std::string, std::string>> headers;
        std::optional<duration> deadline;
        std::string tag;
    };

    completion_request() = default;
    const further& extras() const { return extras_ ? *extras_ : no_extras(); }
    static const further& no_extras();
    further& own_extras();

    std::string prompt_;
    std::optional<unsigned> max_new_tokens_;
    double temperature_ = 0;
    double expected_tokens_ = 0;
    std::optional<stagger::priority> priority_;
    bool has_temperature_ = false;  // apart from it, where there is room for it
    // Null where there are none. Apart, because a coroutine that awaits an answer has several requests in its
    // frame as long as it waits: its own, and those that were moved from on the way to the client.
    std::unique_ptr<further> extras_;
};

/// One of a request's attempts that met an accident.
struct failed_try {
    duration sent_after{0};  ///< since the request began
    error_code error;
    unsigned http_status = 0;  ///< 0 if no answer came
    std::string message;       ///< as diagnostic::message
};

/// How a request came to its end, whether it succeeded or not.
struct diagnostic {
    std::string message;       ///< the server's own words, or what the transport met; empty after success
    unsigned http_status = 0;  ///< of the last attempt; 0 if no answer came
    std::string request_id;    ///< the server's name for the last attempt
    error_code last_error;     ///< of the last attempt; differs from the result's code after a deadline
    std::exception_ptr
        thrown;  ///< by a function of the retry policy, where that ended the request; else null
    /// Where the request was when it ended; for an observer, where the attempt was.
    request_phase phase = request_phase::not_started;
    unsigned attempts = 0;    ///< sent
    unsigned rejections = 0;  ///< attempts that were throttled
    /// Attempts that were answered with what is no JSON, or only a part of it.
    unsigned unreadable_answers = 0;
    duration queued{0};  ///< waiting in line and backing off, all attempts together
    duration served{0};  ///< from sending to the answer's end, last attempt
    /// Requests with the same number went to the same model with the same key. 0: it was not begun.
    std::uint64_t alike = 0;
    /// After a failure: the attempts that met accidents, in their order; of very many the first and the last
    /// ones.
    std::vector<failed_try> tries;
};

/** @brief A piece of an answer that arrives as a stream.
 *
 * Only what this piece brought is set. Text and finish reason are those of the first choice; anything else,
 * such as log probabilities, further choices and the pieces of a tool call, is in `raw`. Tool calls are put
 * together in `completion_stream::result`.
 */
struct completion_delta {
    std::string text;
    std::string finish_reason;
    token_usage usage;
    std::string raw;  ///< the event's data as received: JSON
};

/// An answer. After an error only `info` is meaningful, and `raw` where a body was received.
struct completion {
    std::string text;           ///< of the first choice; of embeddings the vectors, as JSON
    std::string finish_reason;  ///< in the server's words
    token_usage usage;
    std::vector<tool_call> tool_calls;  ///< of the first choice
    /// A success that says nothing: no choices, or neither text nor, in its place, a call, a refusal or
    /// anything else. Not tried again; it may have been billed.
    bool empty = false;
    std::string raw;  ///< the answer's body as received; empty for a stream, whose deltas have it
    diagnostic info;
};

}  // namespace stagger
