"""B3OS's and AetherFlow's receiver in Python's standard library: python3 receiver.py HEADER. The secret is in WEBHOOK_SECRET."""
import hashlib
import hmac
import json
import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

HEADER = sys.argv[1]
SECRET = os.environ["WEBHOOK_SECRET"].encode()
processed = set()


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        expected = hmac.new(SECRET, body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, self.headers.get(HEADER, "")):
            return self.answer(401, "bad signature")
        event = json.loads(body)
        if event["id"] in processed:
            return self.answer(200, "already processed")
        processed.add(event["id"])
        self.answer(200, event.get("event") or event["type"])

    def answer(self, status, text):
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *args):
        pass


server = HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
