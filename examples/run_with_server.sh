#!/bin/sh
# Runs an example against a throttled server of its own: SERVER SCENARIO PROGRAM EXPECTED-PATTERN [ARGUMENT...]
set -eu
server=$1 scenario=$2 program=$3 expected=$4
shift 4
folder=$(mktemp -d)
"$server" --scenario "$scenario" --port 0 > "$folder/server" &
pid=$!
trap 'kill "$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true; rm -rf "$folder"' EXIT
tries=0
until port=$(sed -n 's/^listening on 127\.0\.0\.1:\([0-9]*\)$/\1/p' "$folder/server") && [ -n "$port" ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 200 ] || { echo "the server did not start" >&2; exit 1; }
    sleep 0.05
done
OPENAI_BASE_URL=http://127.0.0.1:$port/v1 LLM_ENGINE_BASE_PATH=http://127.0.0.1:$port "$program" "$@" >"$folder/output" ||
    { cat "$folder/output"; exit 1; }
cat "$folder/output"
grep -Eq "$expected" "$folder/output"
