# For scripts that run `stagger` against a throttled server of their own: sourced, from the project's folder.

stagger=build/release/apps/stagger/stagger
server=build/release/apps/throttled_server/throttled_server

server_pid=
stop_server() {
    [ -z "$server_pid" ] || kill "$server_pid" 2>/dev/null || true
    server_pid=
}

# start_server SCENARIO: with full buckets and its counts at zero. Sets server_pid and port.
start_server() {
    exec 3< <(exec "$server" --scenario "$1" --port 0)
    server_pid=$!
    local line
    if ! IFS= read -r -t 20 line <&3; then
        echo "$0: the server did not start" >&2
        exit 1
    fi
    port=${line##*:}
}

# The body of GET /stats, without curl, which a bare Debian lacks.
fetch_stats() {
    exec 4<>"/dev/tcp/127.0.0.1/$port"
    printf 'GET /stats HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n' >&4
    sed '1,/^\r*$/d' <&4
    exec 4>&-
}

# member NAME FILE: a number of a JSON object, as our own programs write it.
member() {
    grep -o "\"$1\" *: *[0-9.eE+-]*" "$2" | head -n 1 | sed 's/.*: *//'
}
