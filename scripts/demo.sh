#!/usr/bin/env bash
# Runs Sluice and nginx before a sample app on loopback, in target/demo. Ctrl-C ends it.
set -euo pipefail
cd "$(dirname "$0")/.."

port=${DEMO_PORT:-8480}
gate=127.0.0.1:${DEMO_GATE_PORT:-8481}
app=127.0.0.1:${DEMO_APP_PORT:-8482}
dir=$PWD/target/demo

scripts/install.sh nginx
cargo build --release --locked --bin sluice

rm -rf "$dir" && mkdir -p "$dir/sluice"
for file in upstream.conf sluice.conf protect.conf portal.conf qbittorrent.conf examples/one-host.conf; do
    sed -e "s|127.0.0.1:9180|$gate|; s|127.0.0.1:8080|$app|; s|127.0.0.1:9091|$app|" \
        -e "s|/etc/nginx/sluice/|$dir/sluice/|; s|listen 80 |listen 127.0.0.1:$port |" \
        "nginx/$file" > "$dir/sluice/$(basename "$file")"
done
cat > "$dir/nginx.conf" <<CONF
worker_processes 1;
pid $dir/nginx.pid;
error_log $dir/nginx.log;
daemon off;
events {}
http {
    access_log off;
    client_body_temp_path $dir/body; proxy_temp_path $dir/proxy; fastcgi_temp_path $dir/fastcgi;
    uwsgi_temp_path $dir/uwsgi; scgi_temp_path $dir/scgi;
    include $dir/sluice/upstream.conf;
    include $dir/sluice/one-host.conf;
    include $dir/sample-app.conf;
}
CONF
# The sample app shows what it is told about whoever asks.
{
    echo "server { listen $app; default_type 'text/html; charset=utf-8'; location / { return 200 '<!doctype html>"
    echo "<html lang=en><meta name=viewport content=\"width=device-width\"><meta name=color-scheme content=\"light dark\">"
    echo "<title>Sample app</title><style>body{font:16px/1.6 system-ui;max-width:44rem;margin:2rem auto;padding:0 1rem}"
    echo "dd{overflow-wrap:anywhere}</style><h1>Sample app</h1><p>This app has no sign-in of its own. The gate told it:<dl>"
    for name in Remote-{User,Name,Email,Groups} X-Auth-{User-Id,Role,Capabilities,Permission,Method,App}; do
        echo "<dt>$name<dd><b>\$http_$(tr 'A-Z-' 'a-z_' <<< "$name")</b>"
    done
    echo "</dl><p><a href=/sluice/account>Your account</a></html>'; } }"
} > "$dir/sample-app.conf"
cat > "$dir/sluice.toml" <<CONF
[server]
listen = "$gate"
[store]
path = "$dir/sluice.db"
[[app]]
name = "qbittorrent"
[[app]]
name = "transmission"
CONF

sluice=target/release/sluice
password="demo-$(od -An -N4 -tx4 /dev/urandom | tr -d ' ')"
for user in "admin --admin" "guest --preset read-only"; do
    # shellcheck disable=SC2086
    echo "$password" | "$sluice" --config "$dir/sluice.toml" user add $user > /dev/null
done

pids=()
stop() { kill "${pids[@]}" 2> /dev/null || true; wait 2> /dev/null || true; }
trap stop EXIT INT TERM
"$sluice" serve --config "$dir/sluice.toml" 2> "$dir/sluice.log" & pids+=($!)
"$(command -v nginx || echo /usr/sbin/nginx)" -p "$dir" -c "$dir/nginx.conf" -e "$dir/nginx.log" & pids+=($!)
for _ in $(seq 100); do
    "$sluice" healthcheck --config "$dir/sluice.toml" 2> /dev/null && break
    sleep 0.1
done
"$sluice" healthcheck --config "$dir/sluice.toml"

cat <<TEXT

  The app behind the gate:   http://127.0.0.1:$port/
  Sign in as                 admin   with the password  $password
  or as a read-only user     guest   with the same password

  Forging a name does nothing:
    curl -si -H 'Remote-User: admin' http://127.0.0.1:$port/ | head -1

  What Sluice says:  tail -f target/demo/sluice.log        Ctrl-C ends the demo.
TEXT
wait -n "${pids[@]}"
