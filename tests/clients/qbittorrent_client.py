"""qbittorrent-api at the address given."""

import base64
import sys

import qbittorrentapi

import driver


class Client:
    def __init__(self, url, **credentials):
        self.api = qbittorrentapi.Client(host=url, **credentials)

    def sign_in(self):
        self.api.auth_log_in()

    def sign_out(self):
        self.api.auth_log_out()

    def is_signed_in(self):
        """One request, which never signs in by itself."""
        return self.api.is_logged_in

    def version(self):
        return self.api.app_version()

    def add(self, torrent):
        return self.api.torrents_add(torrent_files=base64.b64decode(torrent), is_stopped=True)

    def states(self):
        return {torrent.name: torrent.state for torrent in self.api.torrents_info()}

    def stop(self, name):
        self.api.torrents_stop(torrent_hashes=self.hash(name))

    def start(self, name):
        self.api.torrents_start(torrent_hashes=self.hash(name))

    def delete(self, name):
        self.api.torrents_delete(delete_files=True, torrent_hashes=self.hash(name))

    def hash(self, name):
        return next(torrent.hash for torrent in self.api.torrents_info() if torrent.name == name)


url, *credentials = sys.argv[1:]
driver.serve(Client(url, **dict(pair.split("=", 1) for pair in credentials)))
