#include "http/proxy_tunnel.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/decimal.hpp"
#include "dialect/server_message.hpp"

namespace stagger {

namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::string_view head_end = "\r\n\r\n";

struct status_line {
    unsigned status = 0;  ///< 0: it is none
    std::string_view reason;
};

status_line read_status_line(std::string_view line) {
    constexpr std::size_t behind_version = 9;  // "HTTP/1.1 "
    constexpr std::size_t digits = 3;
    if (!line.starts_with("HTTP/1.") || line.size() < behind_version + digits) return {};
    status_line read;
    const char* const begin = line.data() + behind_version;
    const auto [end, wrong] = std::from_chars(begin, begin + digits, read.status);
    if (wrong != std::errc() || end != begin + digits) return {};
    read.reason = line.substr(std::min(behind_version + digits + 1, line.size()));
    return read;
}

/// The first words of every field of that name: the schemes by which a proxy lets itself be asked.
std::vector<std::string> schemes_of(std::string_view head) {
    std::vector<std::string> found;
    while (!head.empty()) {
        const std::string_view line = head.substr(0, head.find(line_end));
        head.remove_prefix(std::min(line.size() + line_end.size(), head.size()));
        const auto colon = line.find(':');
        if (colon == std::string_view::npos ||
            !wire::equal_ignoring_case(line.substr(0, colon), "proxy-authenticate"))
            continue;
        const auto begin = line.find_first_not_of(" \t", colon + 1);
        if (begin == std::string_view::npos) continue;
        const auto end = std::min(line.find_first_of(" \t,", begin), line.size());
        found.emplace_back(line.substr(begin, end - begin));
    }
    return found;
}

std::string what_it_demands(std::string_view head, bool sent_password) {
    const auto schemes = schemes_of(head);
    const bool basic = schemes.empty() || std::any_of(schemes.begin(), schemes.end(), [](const auto& one) {
                           return wire::equal_ignoring_case(one, "basic");
                       });
    if (basic)
        return sent_password ? "does not accept the user name and password"
                             : "demands a user name and a password";
    std::string all;
    for (const std::string& one : schemes) all.append(all.empty() ? "" : ", ").append(one);
    return "demands authentication by " + wire::readable_message(all, {}) + ", and none but Basic is spoken";
}

/// What the same proxy may answer differently the next time.
bool may_pass(unsigned status) {
    return status >= 500 || status == 408 || status == 425 || status == 429;
}

}  // namespace

std::string tunnel_request(const endpoint& target, const proxy_address& proxy) {
    // A CONNECT names the port even where it is the scheme's own.
    const std::string where = host_and_port(target);
    std::string request = "CONNECT " + where + " HTTP/1.1\r\nHost: " + where + "\r\nUser-Agent: stagger\r\n";
    if (!proxy.authorization.empty())
        request.append("Proxy-Authorization: ").append(proxy.authorization).append(line_end);
    return request.append(line_end);
}

tunnel_answer::tunnel_answer(const endpoint& target, const proxy_address& proxy, std::size_t max_head_bytes)
    : target_(host_and_port(target)),
      proxy_("the proxy " + proxy.shown),
      sent_password_(!proxy.authorization.empty()),
      most_(max_head_bytes) {}

bool tunnel_answer::take(std::string_view bytes) {
    head_.append(bytes);
    for (;;) {
        const auto end = head_.find(head_end);
        if (std::min(end, head_.size()) > most_) {
            fail(errc::proxy_failed, "answers with a head that is longer than allowed");
            return true;
        }
        if (end == std::string::npos) return false;
        if (judge(std::string_view(head_).substr(0, end))) break;
        head_.erase(0, end + head_end.size());  // an interim answer
    }
    // The server waits for the client to begin: it cannot have said anything.
    const bool open = !error_;
    if (open && head_.size() > head_.find(head_end) + head_end.size())
        fail(errc::proxy_failed, "says more than that the way is open");
    return true;
}

bool tunnel_answer::judge(std::string_view head) {
    const status_line line = read_status_line(head.substr(0, head.find(line_end)));
    if (line.status < 100) {
        fail(errc::proxy_failed, "does not answer in HTTP");
        return true;
    }
    if (line.status < 200) return false;
    if (line.status < 300) return true;
    const std::string reason = wire::readable_message(line.reason, {});
    const std::string said = " (" + std::to_string(line.status) + (reason.empty() ? "" : " ") + reason + ")";
    // Of a CONNECT, 401 can only be the proxy's: some say it for a wrong password.
    if (line.status == 407 || line.status == 401) {
        fail(errc::proxy_refused, what_it_demands(head, sent_password_) + said);
    } else if (may_pass(line.status)) {
        fail(errc::proxy_failed, "could not connect to " + target_ + said);
    } else {
        fail(errc::proxy_refused, "refuses connections to " + target_ + said);
    }
    return true;
}

void tunnel_answer::take_end() {
    fail(errc::proxy_failed,
         head_.empty() ? "closed the connection without an answer" : "closed the connection amid its answer");
}

void tunnel_answer::fail(errc what, const std::string& words) {
    error_ = what;
    problem_ = proxy_ + " " + words;
}

}  // namespace stagger
