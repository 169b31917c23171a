"""An app that speaks the WebSockets of before RFC 6455; prints its port, and then every request that it receives."""

import json

import eventlet
from eventlet import websocket, wsgi


@websocket.WebSocketWSGI
def echo(socket):
    while (text := socket.wait()) is not None:
        socket.send(f"you said {text}")


def app(environ, start_response):
    names = [name for name in environ if name.startswith("HTTP_")]
    headers = [(name[5:].lower().replace("_", "-"), environ[name]) for name in names]
    seen = {"method": environ["REQUEST_METHOD"], "target": environ["PATH_INFO"], "headers": headers, "body_length": 0}
    print(json.dumps(seen), flush=True)
    if "HTTP_UPGRADE" in environ:
        return echo(environ, start_response)
    start_response("200 OK", [("Content-Length", "3")])
    return [b"app"]


listener = eventlet.listen(("127.0.0.1", 0))
print(json.dumps({"port": listener.getsockname()[1]}), flush=True)
wsgi.server(listener, app, log_output=False)
