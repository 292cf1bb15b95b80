#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace stagger::test {

struct http_answer {
    unsigned status = 0;
    std::vector<std::pair<std::string, std::string>> fields;
    std::string body;

    /// The first field of that name, spelt as it was sent; empty if there is none.
    std::string field(const std::string& name) const {
        for (const auto& [key, value] : fields) {
            if (key == name) return value;
        }
        return {};
    }
};

/// A blocking socket that says and reads exactly what a test wants.
class loopback_client {
 public:
    explicit loopback_client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        const timeval patience{60, 0};  // of a broken server; no working one comes near
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
            throw std::runtime_error("cannot connect");
        }
    }
    loopback_client(loopback_client&& other) noexcept
        : socket_(std::exchange(other.socket_, -1)), received_(std::move(other.received_)) {}
    loopback_client& operator=(loopback_client&&) = delete;
    ~loopback_client() {
        if (socket_ >= 0) ::close(socket_);
    }

    /// Says everything or throws; a peer that has closed is no reason to stop.
    void say(const std::string& bytes) {
        for (std::size_t sent = 0; sent < bytes.size();) {
            const auto count = ::send(socket_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
            if (count <= 0) return;
            sent += static_cast<std::size_t>(count);
        }
    }
    /// The head alone; of what follows nothing is lost.
    http_answer hear_head() {
        std::size_t end = 0;
        while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
            if (!receive()) throw std::runtime_error("the connection ended before an answer");
        }
        http_answer answer = parse_head(received_.substr(0, end + 2));
        received_.erase(0, end + 4);
        return answer;
    }
    /// One chunk's bytes; none of the last one.
    std::string hear_chunk() {
        std::size_t end = 0;
        while ((end = received_.find("\r\n")) == std::string::npos) {
            if (!receive()) throw std::runtime_error("the connection ended before a chunk");
        }
        const std::size_t size = std::strtoul(received_.c_str(), nullptr, 16);
        while (received_.size() < end + 2 + size + 2) {
            if (!receive()) throw std::runtime_error("the connection ended inside a chunk");
        }
        std::string chunk = received_.substr(end + 2, size);
        received_.erase(0, end + 2 + size + 2);
        return chunk;
    }
    /// Everything until the peer closes.
    std::string hear_rest() {
        while (receive()) continue;
        return std::exchange(received_, {});
    }
    http_answer hear() {
        http_answer answer = hear_head();
        if (answer.field("Transfer-Encoding") == "chunked") {
            for (;;) {
                const std::string chunk = hear_chunk();
                if (chunk.empty()) return answer;
                answer.body += chunk;
            }
        }
        const std::string length = answer.field("Content-Length");
        const std::size_t size = length.empty() ? 0 : std::strtoul(length.c_str(), nullptr, 10);
        while (received_.size() < size) {
            if (!receive()) throw std::runtime_error("the connection ended inside a body");
        }
        answer.body = received_.substr(0, size);
        received_.erase(0, size);
        return answer;
    }
    http_answer ask(const std::string& bytes) {
        say(bytes);
        return hear();
    }
    /// True once the peer has closed and nothing was left to read.
    bool ended() { return received_.empty() && !receive(); }
    /// Closes with a reset instead of an orderly end.
    void reset() {
        const linger at_once{1, 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        ::close(std::exchange(socket_, -1));
    }

 private:
    bool receive() {
        char chunk[4096];
        const auto count = ::recv(socket_, chunk, sizeof chunk, 0);
        if (count <= 0) return false;
        received_.append(chunk, static_cast<std::size_t>(count));
        return true;
    }
    static http_answer parse_head(const std::string& head) {
        http_answer answer;
        answer.status = static_cast<unsigned>(std::strtoul(head.c_str() + head.find(' '), nullptr, 10));
        for (std::size_t line = head.find("\r\n") + 2; line < head.size();) {
            const std::size_t end = head.find("\r\n", line);
            const std::size_t colon = head.find(": ", line);
            answer.fields.emplace_back(head.substr(line, colon - line),
                                       head.substr(colon + 2, end - colon - 2));
            line = end + 2;
        }
        return answer;
    }

    int socket_;
    std::string received_;
};

inline std::string post(const std::string& target, const std::string& body, const std::string& lines = "") {
    return "POST " + target + " HTTP/1.1\r\nHost: test\r\n" + lines +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}
inline std::string get(const std::string& target) {
    return "GET " + target + " HTTP/1.1\r\nHost: test\r\n\r\n";
}

}  // namespace stagger::test
