"""An app that speaks HTTP/2 after `Upgrade: h2c`; prints its port, and then every request that it receives."""

import asyncio
import json
import socket

from hypercorn.asyncio import serve
from hypercorn.config import Config


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
    target = scope["raw_path"].decode("latin-1")
    seen = {"method": scope["method"], "target": target, "headers": headers, "body_length": 0}
    print(json.dumps(seen), flush=True)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"3")]})
    await send({"type": "http.response.body", "body": b"app"})


listener = socket.create_server(("127.0.0.1", 0))
print(json.dumps({"port": listener.getsockname()[1]}), flush=True)
config = Config()
config.bind = [f"fd://{listener.fileno()}"]
asyncio.run(serve(app, config, shutdown_trigger=asyncio.Event().wait))
