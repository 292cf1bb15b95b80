#include "stagger/testing/fake_answer.hpp"

namespace stagger::testing {

namespace {

diagnostic saying(error_code error, std::string message) {
    diagnostic info;
    info.message = message.empty() ? error.message() : std::move(message);
    info.attempts = 1;
    return info;
}

}  // namespace

fake_answer fake_answer::text(std::string text) {
    completion answer;
    answer.text = std::move(text);
    answer.finish_reason = "stop";
    return success(std::move(answer));
}

fake_answer fake_answer::success(completion answer) {
    fake_answer made;
    made.answer_ = std::move(answer);
    diagnostic& info = made.answer_.info;
    info.phase = request_phase::answered;
    if (info.attempts == 0) info.attempts = 1;
    if (info.http_status == 0) info.http_status = 200;
    return made;
}

fake_answer fake_answer::failure(error_code error, std::string message) {
    return failure(error, saying(error, std::move(message)));
}

fake_answer fake_answer::failure(error_code error, diagnostic info) {
    fake_answer made;
    made.error_ = error;
    made.answer_.info = std::move(info);
    if (!made.answer_.info.last_error) made.answer_.info.last_error = error;
    return made;
}

fake_answer fake_answer::never() {
    fake_answer made;
    made.ends_ = false;
    return made;
}

fake_answer& fake_answer::pieces(std::vector<std::string> texts) {
    answer_.text.clear();
    for (const std::string& one : texts) answer_.text += one;
    pieces_ = std::move(texts);
    return *this;
}

fake_answer& fake_answer::breaks_off(error_code error, std::string message) {
    late_error_ = error;
    late_message_ = message.empty() ? error.message() : std::move(message);
    return *this;
}

}  // namespace stagger::testing
