#include "throttled_server/request_log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <system_error>

namespace stagger::server {

namespace {

[[noreturn]] void fail(const std::string& path) {
    throw std::system_error(errno, std::generic_category(), path);
}

}  // namespace

request_log::request_log(const std::string& path) {
    if (path.empty()) return;
    constexpr mode_t by_umask = 0666;
    file_ = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_TRUNC | O_CLOEXEC, by_umask);
    if (file_ < 0) fail(path);
}

request_log::~request_log() {
    if (file_ >= 0) ::close(file_);
}

void request_log::arrived(const call& asked) const {
    if (file_ < 0) return;
    const boost::json::array prompts(asked.prompts.begin(), asked.prompts.end());
    auto line = boost::json::serialize(boost::json::object{{"prompts", prompts}});
    line += '\n';
    const auto size = static_cast<ssize_t>(line.size());
    if (::write(file_, line.data(), line.size()) != size) fail("request log");
}

}  // namespace stagger::server
