#include <stdexcept>
#include <string>

#include "fuzz/fuzz_input.hpp"
#include "fuzz/property.hpp"
#include "fuzz/targets.hpp"
#include "http/proxy_address.hpp"
#include "http/proxy_choice.hpp"
#include "http/proxy_tunnel.hpp"

// Which proxy there is for a host, its URL, and what it answers.

namespace stagger::fuzz {
namespace {

struct verdict {
    bool ended = false;
    error_code error;
    std::string problem;
};

verdict read(const endpoint& target, const proxy_address& proxy, std::string_view answer, std::size_t piece) {
    tunnel_answer reading(target, proxy, 1024);
    verdict got;
    while (!answer.empty() && !got.ended) {
        got.ended = reading.take(answer.substr(0, piece));
        answer.remove_prefix(std::min(piece, answer.size()));
    }
    if (!got.ended) reading.take_end();
    got.error = reading.error();
    got.problem = reading.problem();
    return got;
}

void read_answer(const endpoint& target, const proxy_address& proxy, std::string_view answer) {
    const verdict at_once = read(target, proxy, answer, answer.size());
    const verdict in_bytes = read(target, proxy, answer, 1);
    require(at_once.ended == in_bytes.ended && at_once.error == in_bytes.error,
            "the verdict does not depend on the pieces", at_once.problem + " and " + in_bytes.problem);
    require(at_once.ended || at_once.error, "an answer that ends early opens no way");
    if (!at_once.error) return;
    require_readable(at_once.problem);
    require(at_once.problem.find("hush-hush") == std::string::npos, "a password is not repeated");
}

}  // namespace

void fuzz_proxy(std::string_view bytes) {
    fuzz_input input(bytes);
    const std::string_view url = input.line();
    const std::string_view exceptions = input.line();
    const std::string_view host = input.line();
    const std::string_view answer = input.rest();
    endpoint target;
    try {
        target = parse_endpoint("https://" + std::string(host));
    } catch (const std::invalid_argument& wrong) {
        require_readable(wrong.what());
        target = parse_endpoint("https://api.example:8443/v1");
    }
    const bool excepted = is_excepted_from_proxy(exceptions, target);
    require(is_excepted_from_proxy(std::string(exceptions) + ",*", target), "* is everything");
    const auto value_of = [&](const std::string& name) {
        if (name == "https_proxy") return std::string(url);
        return name == "no_proxy" ? std::string(exceptions) : std::string();
    };
    const environment_proxy found = proxy_of_environment(target, value_of);
    require(!excepted || found.url.empty(), "what is excepted has no proxy");
    read_answer(target, parse_proxy("http://me:hush-hush@127.0.0.1:3128"), answer);
    try {
        const proxy_address proxy = parse_proxy(url);
        require(!proxy.at.host.empty() && !proxy.at.port.empty(), "a proxy has a host and a port");
        require(proxy.authorization.find_first_of("\r\n") == std::string::npos, "no field has a line end");
        const std::string asked = tunnel_request(target, proxy);
        require(asked.ends_with("\r\n\r\n") && asked.find("\r\n\r\n") == asked.size() - 4,
                "a request for a tunnel is one head", asked);
        require(proxy.password.size() < 8 || proxy.shown.find(proxy.password) == std::string::npos,
                "a password is not shown", proxy.shown);
    } catch (const std::invalid_argument& wrong) {
        require_readable(wrong.what());
    }
}

}  // namespace stagger::fuzz
