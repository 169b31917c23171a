"""transmission-rpc at the host and port given."""

import base64
import sys

import transmission_rpc

import driver


class Client:
    def __init__(self, host, port):
        self.address = {"host": host, "port": int(port)}
        self.api = None

    def connect(self, user, password):
        self.api = transmission_rpc.Client(**self.address, username=user, password=password)

    def version(self):
        return self.api.get_session().version

    def add(self, torrent):
        return self.api.add_torrent(base64.b64decode(torrent), paused=True).name

    def states(self):
        return {torrent.name: torrent.status.value for torrent in self.api.get_torrents()}

    def start(self, name):
        self.api.start_torrent(self.id(name))

    def stop(self, name):
        self.api.stop_torrent(self.id(name))

    def remove(self, name):
        self.api.remove_torrent(self.id(name), delete_data=True)

    def id(self, name):
        return next(torrent.id for torrent in self.api.get_torrents() if torrent.name == name)


driver.serve(Client(*sys.argv[1:]))
