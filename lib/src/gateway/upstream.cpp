#include "gateway/upstream.hpp"

#include <limits>

#include "net/connections_of.hpp"

namespace stagger::gateway {

namespace {

// Answers are passed on as they come, and what is held of one is bounded by what is read at a time.
client_options without_body_bound(client_options options) {
    return options.max_body_bytes(std::numeric_limits<std::size_t>::max());
}

std::string path_of(const endpoint& where, dialect spoken) {
    // The one API whose base path ends before the version.
    return where.base_path + (spoken == dialect::llm_engine ? "/v1" : "");
}

std::shared_ptr<const connection_settings> settings_of(const client_options& of_client, const endpoint& where,
                                                       const io_executor& executor) {
    std::shared_ptr<answer_memory> own;
    return detail::connections_of(without_body_bound(of_client), where, executor, own);
}

common_head forwarded_by(const client_options& of_client, const endpoint& where) {
    common_head head;
    if (const auto proxy = detail::forwarder_of(of_client, where)) forward_by(*proxy, where, head);
    return head;
}

}  // namespace

upstream::upstream(const io_executor& executor, const client_options& of_client, std::size_t connections)
    : where_(parse_endpoint(of_client.base_url())),
      forwarded_(forwarded_by(of_client, where_)),
      path_(path_of(where_, of_client.dialect())),
      identity_{of_client.api_key(), of_client.headers(), false},
      pool_(executor, settings_of(of_client, where_, executor), connections, of_client.keep_alive()) {
    static_cast<void>(format_fixed_fields(of_client.headers()));  // throws what a client would
}

std::string upstream::format(std::string_view method, std::string_view target, std::string_view lines,
                             std::string_view body) const {
    std::string bytes;
    bytes.reserve(method.size() + target.size() + lines.size() + body.size() + where_.authority.size() + 64);
    bytes.append(method).append(" ").append(forwarded_.origin).append(target);
    bytes.append(" HTTP/1.1\r\nHost: ").append(where_.authority).append("\r\n");
    bytes.append(lines).append(forwarded_.lines);
    if (!body.empty() || method == "POST")
        bytes.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
    return bytes.append("\r\n").append(body);
}

}  // namespace stagger::gateway
