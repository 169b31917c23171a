"""python-socketio's client at the address given."""

import sys
import threading

import requests
import socketio

import driver

PATIENCE = 20


class Client:
    def __init__(self, url):
        self.url = url
        self.io = None
        self.ended = threading.Event()

    def connect(self, transports, credentials):
        """With headers, cookies and a user with a password, as far as given."""
        headers = credentials.get("headers", {})
        session = requests.Session()
        session.trust_env = False
        session.headers.update(headers)
        # A browser says it by itself, as the WebSocket client does.
        session.headers["Origin"] = self.url
        session.cookies.update(credentials.get("cookies", {}))
        if "basic" in credentials:
            session.auth = tuple(credentials["basic"])
        self.io = socketio.Client(
            reconnection=False, handle_sigint=False, http_session=session, request_timeout=PATIENCE
        )
        self.ended.clear()
        self.io.on("disconnect", lambda _reason: self.ended.set())
        self.io.connect(self.url, headers=dict(headers), transports=transports, wait_timeout=PATIENCE)
        return self.io.transport()

    def say(self, text):
        """What the app says back."""
        return self.io.call("say", text, timeout=PATIENCE)

    def has_ended(self):
        """Waits for the end of the connection."""
        return self.ended.wait(PATIENCE)


driver.serve(Client(*sys.argv[1:]))
