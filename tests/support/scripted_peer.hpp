#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>
#include <vector>

namespace stagger::test {

/// What the peer does with one request.
struct turn {
    std::string bytes;  ///< sent as they are, once the request is whole
    enum { keep, close, reset, fall_silent } then = keep;
    std::string surplus{};  ///< said by a write of its own behind the bytes
};

/// A 200 of the chat dialect with `text` as its answer.
std::string chat_answer(const std::string& text);
/// Any answer with a JSON body; `fields` are whole header lines.
std::string answer(unsigned status, const std::string& body, const std::string& fields = "");

/// A 200 with an event stream of these documents, in chunks.
std::string event_stream(const std::vector<std::string>& documents);
/// The documents of a chat answer of these pieces, with its usage and end marker.
std::vector<std::string> chat_documents(const std::vector<std::string>& pieces);

/** A server that says exactly what a test tells it, on a free port of loopback.
 *
 * Connection number i plays script i; further connections play the last one again. A script that has run out
 * closes the connection. Lives on the test's io_context, so that nothing depends on time.
 */
class scripted_peer {
 public:
    using script = std::vector<turn>;

    scripted_peer(boost::asio::io_context& context, std::vector<script> scripts,
                  std::shared_ptr<boost::asio::ssl::context> tls = nullptr);
    ~scripted_peer();

    unsigned short port() const;
    std::string base_url() const;
    /// Whole requests as received, in order of arrival.
    const std::vector<std::string>& requests() const;
    std::size_t connections() const;
    /// Connections that have ended, from either side.
    std::size_t ended() const;
    /// Turns of which every byte was taken by the system.
    std::size_t written() const;
    /// Stops accepting and closes what is open.
    void close();

 private:
    struct state;
    std::shared_ptr<state> state_;
};

}  // namespace stagger::test
