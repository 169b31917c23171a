"""An app with sessions of its own. It believes Remote-User when it sees somebody first, and its own cookie ever after, as
many apps do. Prints its port, and then of every request for whom it acted."""

import asyncio
import json
import secrets

from aiohttp import WSMsgType, web

sessions = {}


def whose(request):
    session = request.cookies.get("app.sid")
    if session in sessions:
        return sessions[session], None
    named = request.headers.get("Remote-User")
    if named is None:
        return None, None
    fresh = secrets.token_urlsafe(16)
    sessions[fresh] = named
    return named, fresh


def told(request, acts_for):
    named = request.headers.get("Remote-User")
    cookies = sorted(request.cookies)
    told = {"target": request.path_qs, "named": named, "acts_for": acts_for, "cookies": cookies}
    print(json.dumps(told), flush=True)
    return told


async def page(request):
    acts_for, fresh = whose(request)
    response = web.json_response(told(request, acts_for))
    if fresh is not None:
        response.set_cookie("app.sid", fresh, path="/", httponly=True)
        response.set_cookie("app.lang", "en", path="/")
    return response


async def socket(request):
    acts_for, _ = whose(request)
    told(request, acts_for)
    channel = web.WebSocketResponse()
    await channel.prepare(request)
    async for message in channel:
        if message.type == WSMsgType.TEXT:
            await channel.send_str(acts_for or "nobody")
    return channel


async def main():
    app = web.Application()
    app.router.add_get("/ws", socket)
    app.router.add_route("*", "/{path:.*}", page)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(json.dumps({"port": runner.addresses[0][1]}), flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
