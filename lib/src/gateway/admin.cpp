#include "gateway/admin.hpp"

#include "gateway/status_json.hpp"
#include "gateway/status_page.hpp"
#include "http/clock.hpp"

namespace stagger::gateway {

namespace {

http_server::whole_answer text(unsigned status, std::string body,
                               std::string_view type = "text/plain; charset=utf-8") {
    http_server::whole_answer made;
    made.head.status = status;
    made.head.lines.append("Content-Type: ").append(type).append("\r\nCache-Control: no-store\r\n");
    made.body = std::move(body);
    return made;
}

http_server::whole_answer refusal_text(unsigned status) {
    return text(status, std::string(http_server::reason_phrase(status)) + "\n");
}

http_server::whole_answer reload_text(const std::string& wrong) {
    return wrong.empty() ? text(200, "read anew\n") : text(500, wrong + "\n");
}

http_server::whole_answer page() {
    static const std::string policy = "Content-Security-Policy: " + policy_of_page(status_page()) + "\r\n";
    auto made = text(200, std::string(status_page()), "text/html; charset=utf-8");
    made.head.lines.append(policy).append(
        "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n");
    return made;
}

}  // namespace

http_server::whole_answer admin::answer_to(const http_server::request& asked) const {
    const unsigned refused =
        refused_by(of_->options().access, value_of(asked, "host"), value_of(asked, "origin"));
    if (refused != 0) return refusal_text(refused);
    const std::string_view path = std::string_view(asked.target).substr(0, asked.target.find('?'));
    if (path == "/-/reload" && reload_)
        return asked.method == "POST" ? reload_text(reload_()) : refusal_text(405);
    const bool known = path == "/healthz" || path == "/readyz" || path == "/-/status.json" || path == "/" ||
                       (path == "/metrics" && metrics_.text);
    if (!known) return refusal_text(404);
    if (asked.method != "GET") return refusal_text(405);
    if (path == "/") return page();
    if (path == "/metrics") return text(200, metrics_.text(), metrics_.media_type);
    if (path == "/healthz") return text(200, "ok\n");
    if (path == "/readyz") return of_->is_draining() ? text(503, "ending\n") : text(200, "ready\n");
    const time_point now = steady_now();
    return text(200, to_json(status_of(*of_, now), now), "application/json");
}

io_awaitable<void> admin::serve(http_server::exchange& with) {
    const http_server::whole_answer answer = answer_to(with.asked());
    co_await with.whole(answer.head, answer.body);
}

http_server::whole_answer admin::refusal(unsigned status) {
    return refusal_text(status);
}

}  // namespace stagger::gateway
