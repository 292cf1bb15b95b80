#include "interop/proxies.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "interop/other_servers.hpp"

namespace {

std::string first_of(std::initializer_list<const char*> paths) {
    for (const char* path : paths) {
        if (std::filesystem::exists(path)) return path;
    }
    return {};
}

std::string tinyproxy_program() {
    return first_of({"/usr/bin/tinyproxy", "/usr/sbin/tinyproxy", "/usr/local/bin/tinyproxy"});
}

std::string squid_program() {
    return first_of({"/usr/sbin/squid", "/usr/local/sbin/squid", "/usr/local/squid/sbin/squid"});
}

std::string url_of(const std::string& scheme, const std::string& user, unsigned short port) {
    return scheme + "://" + (user.empty() ? "" : user + "@") + "127.0.0.1:" + std::to_string(port);
}

// squid, begun as root, reads its files as a user of its own.
void let_others_read(const temporary_folder& folder) {
    ::chmod(folder.path("").c_str(), 0777);
}

std::string copy_of(const std::string& file, const temporary_folder& folder, const std::string& name) {
    std::ifstream from(file, std::ios::binary);
    std::ostringstream text;
    text << from.rdbuf();
    return folder.write(name, text.str());
}

}  // namespace

bool tinyproxy_installed() {
    if (!tinyproxy_program().empty()) return true;
    MESSAGE("skipped: tinyproxy is not installed");
    return false;
}

bool squid_installed() {
    if (!squid_program().empty()) return true;
    MESSAGE("skipped: squid is not installed");
    return false;
}

tinyproxy_server::tinyproxy_server(const proxy_user& user, const std::string& lines) {
    port_ = start_on_free_port([&](unsigned short port) {
        std::ostringstream text;
        text << "Port " << port << "\nListen 127.0.0.1\nTimeout 60\nMaxClients 50\nLogLevel Info\n" << lines;
        if (!user.name.empty()) text << "\nBasicAuth " << user.name << ' ' << user.password << '\n';
        const auto file = folder_.write("tinyproxy.conf", text.str());
        server_ = std::make_unique<child>(child_setup{tinyproxy_program(), {"-d", "-c", file}});
        server_->await([&] { return server_->output().find("Accepting connections") != std::string::npos; });
    });
}

std::string tinyproxy_server::url(const std::string& user) const {
    return url_of("http", user, port_);
}

squid_server::squid_server(const proxy_user& user, const std::string& certificate, const std::string& key,
                           const std::string& access)
    : tls_(!certificate.empty()) {
    let_others_read(folder_);
    port_ = start_on_free_port([&](unsigned short port) {
        std::ostringstream text;
        if (tls_) {
            text << "https_port 127.0.0.1:" << port
                 << " tls-cert=" << copy_of(certificate, folder_, "proxy.pem")
                 << " tls-key=" << copy_of(key, folder_, "proxy.key") << '\n';
        } else {
            text << "http_port 127.0.0.1:" << port << '\n';
        }
        text << "visible_hostname proxy.test\npid_filename none\ncache deny all\ncache_mem 1 MB\n"
                "access_log none\ncache_log stdio:/dev/stderr\ncoredump_dir "
             << folder_.path("") << "\nshutdown_lifetime 1 seconds\nmax_filedescriptors 1024\n";
        if (!user.name.empty()) {
            const auto check = folder_.write(
                "check", "while read -r name password; do\n  [ \"$name $password\" = '" + user.name + ' ' +
                             user.password + "' ] && echo OK || echo ERR\ndone\n");
            text << "auth_param basic program /bin/sh " << check
                 << "\nauth_param basic children 1 startup=1\nacl known proxy_auth REQUIRED\n"
                    "http_access deny !known\n";
        }
        text << access << '\n';
        const auto file = folder_.write("squid.conf", text.str());
        server_ = std::make_unique<child>(child_setup{squid_program(), {"-N", "-d", "1", "-f", file}});
        server_->await_error("Accepting ");
    });
}

std::string squid_server::url(const std::string& user) const {
    return url_of(tls_ ? "https" : "http", user, port_);
}
