# An nginx of our own for the scripts of this folder: sourced. start_nginx FOLDER sets plain_url and tls_url and
# nginx_pid; stop_nginx ends it. Returns 77 from start_nginx where there is none.

here=$(dirname "${BASH_SOURCE[0]}")

nginx_pid=
stop_nginx() {
    [ -z "$nginx_pid" ] || kill "$nginx_pid" 2>/dev/null || true
    nginx_pid=
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

start_nginx() {
    local run=$1 plain tls nginx
    nginx=$(PATH=$PATH:/usr/sbin command -v nginx) || return 77
    command -v openssl >/dev/null || return 77
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1 \
        -addext subjectAltName=IP:127.0.0.1 -keyout "$run/server.key" -out "$run/server.crt" 2>/dev/null
    plain=$(free_port)
    tls=$(free_port)
    sed -e "s#@RUN@#$run#g" -e "s#@PLAIN@#$plain#" -e "s#@TLS@#$tls#" \
        -e "s#@ANSWER@#$(cat "$here/answer.json")#" "$here/nginx.conf.in" >"$run/nginx.conf"
    ${on_nginx_core:-} "$nginx" -p "$run" -e "$run/nginx.err" -c "$run/nginx.conf" &
    nginx_pid=$!
    plain_url=http://127.0.0.1:$plain/v1
    tls_url=https://127.0.0.1:$tls/v1
    local tries
    for ((tries = 0; tries < 100; ++tries)); do
        (: <"/dev/tcp/127.0.0.1/$tls") 2>/dev/null && return 0
        kill -0 "$nginx_pid" 2>/dev/null || break
        sleep 0.1
    done
    cat "$run/nginx.err" >&2
    return 1
}
