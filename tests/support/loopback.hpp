#pragma once

#include <netinet/in.h>

#include <string>

/// The address of a port of this machine, for programs that only this machine reaches.
sockaddr_in loopback_address(unsigned short port);

/** A port that nobody listens on.
 *
 * For servers that cannot choose one themselves. Somebody else may take it before the server does: start it
 * again with another one then.
 */
unsigned short free_port();

/// What a server answers to GET, head and body; throws where nobody listens.
std::string http_get(unsigned short port, const std::string& path);
