#pragma once

#include <memory>
#include <optional>
#include <string>

#include "dialect/dialect.hpp"
#include "stagger/completion.hpp"

namespace app {

/// What an answer has to be.
class expected_answer {
 public:
    /// One JSON value, and nothing around it.
    static expected_answer json();
    /** One that a JSON Schema (draft 7) admits.
     * @throws std::invalid_argument for what is no schema, or refers to one elsewhere
     */
    static expected_answer fitting(const std::string& schema);

    /// What is wrong with an answer, in words for a model and for people; nothing: it is as expected.
    std::optional<std::string> problem(const std::string& answer) const;
    /// What a model is told after a wrong answer.
    std::string note(const std::string& problem) const;
    /// The schema as it was given; empty without one.
    std::string schema_text() const;

 private:
    struct schema;
    std::shared_ptr<const schema> schema_;  // null: any JSON will do
};

/** The request once more, behind it the answer that was wrong and a note: two further messages of a chat
 * (turns of Responses and Gemini), else further text of the prompt. What has a body that cannot be continued
 * so is asked as it was.
 */
stagger::completion_request asked_again(const stagger::completion_request& request,
                                        const stagger::wire::encoding_context& encoding,
                                        const std::string& answer, const std::string& note);

}  // namespace app
