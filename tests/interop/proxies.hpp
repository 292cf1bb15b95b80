#pragma once

#include <memory>
#include <string>

#include "cli/child.hpp"
#include "support/temporary_folder.hpp"

/// False, and a message that makes ctest call the test skipped, where the program is not installed.
bool tinyproxy_installed();
bool squid_installed();

/// Who may use a proxy; both empty: everybody.
struct proxy_user {
    std::string name;
    std::string password;
};

/// tinyproxy, with the further lines of its configuration.
class tinyproxy_server {
 public:
    explicit tinyproxy_server(const proxy_user& user = {}, const std::string& lines = "");

    std::string url(const std::string& user = "") const;

 private:
    temporary_folder folder_;
    std::unique_ptr<child> server_;
    unsigned short port_ = 0;
};

/// squid; with a certificate and its key, which are PEM files, it is spoken to by TLS.
class squid_server {
 public:
    explicit squid_server(const proxy_user& user = {}, const std::string& certificate = "",
                          const std::string& key = "", const std::string& access = "http_access allow all");

    std::string url(const std::string& user = "") const;

 private:
    temporary_folder folder_;
    std::unique_ptr<child> server_;
    unsigned short port_ = 0;
    bool tls_;
};
