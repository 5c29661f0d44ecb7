"""Serves one file over HTTP in ranges and counts what it sends; a process of its own, for GDAL holds Python's lock.

`python range_server.py FILE PATIENCE [FIRST EVERY]` prints its port; after PATIENCE answers it stalls, and from
answer FIRST on it breaks the connection in the middle of every EVERYth. `/sent` tells the bytes, `/broken` how many.
"""

import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    content, patience, sent, answers = b"", 0, 0, 0
    first, every, broken = 0, 0, 0

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.answer(body=False)

    def do_GET(self):
        if self.path in ("/sent", "/broken"):
            self.head(200, 20)
            self.wfile.write(f"{getattr(Handler, self.path[1:]):20d}".encode())
        else:
            self.answer(body=True)

    def answer(self, body):
        if not self.path.endswith("/mosaic.tif"):
            self.head(404, 0)
            return
        Handler.answers += 1
        if Handler.answers > Handler.patience:
            threading.Event().wait(60)
        given, size = self.headers.get("Range"), len(self.content)
        first, last = 0, size - 1
        if given:
            start, end = given.removeprefix("bytes=").split("-")
            first, last = int(start), min(int(end or last), last)
        headers = {"Content-Range": f"bytes {first}-{last}/{size}"} if given else {}
        self.head(206 if given else 200, last - first + 1, **headers)
        if body and Handler.every and Handler.answers >= Handler.first and Handler.answers % Handler.every == 0:
            Handler.broken += 1
            self.wfile.write(self.content[first : (first + last) // 2])
            self.close_connection = True
        elif body:
            Handler.sent += last - first + 1
            self.wfile.write(self.content[first : last + 1])

    def head(self, status, length, **headers):
        self.send_response(status)
        for name, value in {"Content-Length": str(length), "Accept-Ranges": "bytes", **headers}.items():
            self.send_header(name, value)
        self.end_headers()


if __name__ == "__main__":
    Handler.content, Handler.patience = Path(sys.argv[1]).read_bytes(), int(sys.argv[2])
    Handler.first, Handler.every = map(int, sys.argv[3:] or (0, 0))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    print(server.server_port, flush=True)
    server.serve_forever()
