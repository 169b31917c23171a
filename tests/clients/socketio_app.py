"""A Socket.IO app; prints its port, and then every request that it receives."""

import asyncio
import json

import socketio
from aiohttp import web

# Pings come often, so that a client that only listens asks again soon. The app's own look at the Origin is off:
# Traefik's X-Forwarded-Proto says "ws" of a WebSocket, and the app takes every page for one from elsewhere.
io = socketio.AsyncServer(async_mode="aiohttp", cors_allowed_origins="*", ping_interval=1, ping_timeout=20)


@io.event
async def say(_sid, text):
    return f"you said {text}"


@web.middleware
async def note(request, handler):
    headers = [(name.lower(), value) for name, value in request.headers.items()]
    seen = {"method": request.method, "target": request.path_qs, "headers": headers, "body_length": 0}
    print(json.dumps(seen), flush=True)
    return await handler(request)


async def main():
    app = web.Application(middlewares=[note])
    io.attach(app)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(json.dumps({"port": runner.addresses[0][1]}), flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
