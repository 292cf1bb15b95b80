# aimock's chaos for bench/never_worse/run: sourced, after tools/throttled_run.bash, whose stop_server ends it.

aimock_folder=build/npm_servers
aimock=$aimock_folder/node_modules/@copilotkit/aimock/dist/cli.js

# The version that the interop tests pin. Returns 77 where it cannot be installed.
install_aimock() {
    tests/interop/install_servers $aimock_folder >&2
}

# start_chaos LOG: 30 % of 429, 5 % each of 500, malformed answers and connections that are dropped. Sets server_pid and
# port.
start_chaos() {
    local tries
    port=$(free_port)
    node $aimock -h 127.0.0.1 -p "$port" -f tests/interop/aimock.json --log-level warn --journal-max 1 \
        --chaos-ratelimit 0.3 --chaos-drop 0.05 --chaos-malformed 0.05 --chaos-disconnect 0.05 >"$1" 2>&1 &
    server_pid=$!
    for ((tries = 0; tries < 200; ++tries)); do
        (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null && return 0
        kill -0 "$server_pid" 2>/dev/null || break
        sleep 0.1
    done
    cat "$1" >&2
    echo "$0: aimock did not start" >&2
    exit 1
}

# Below the range that the system gives to clients.
free_port() {
    local port
    while :; do
        port=$((20000 + RANDOM % 10000))
        (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
    done
    echo "$port"
}
