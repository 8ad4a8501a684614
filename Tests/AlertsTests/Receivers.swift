/// Answers by the path: `/status/503`, `/short` (413 for more than 200,000 bytes), `/hang`, `/slow` (2 s), `/redirect`, `/flaky` (twice 503, then 200), `/slack/…` as Slack's API, `/slack-gone/…` with messages that are gone, `/slack-out/…` with a bot that nobody invited; anything else with 200.
let webReceiver = #"""
    import http.server, json, sys, time

    calls = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            said = {"path": self.path, "headers": {k.lower(): v for k, v in self.headers.items()},
                "body": body.decode() if len(body) < 100_000 else str(len(body))}
            # In one piece: threads write at once.
            sys.stdout.write(json.dumps(said) + "\n")
            sys.stdout.flush()
            calls[self.path] = calls.get(self.path, 0) + 1
            status, answer = 200, b"taken"
            if self.path.startswith("/status/"): status, answer = int(self.path[8:11]), b"no <b>way</b>"
            if self.path == "/short" and len(body) > 200_000: status, answer = 413, b"too long"
            if self.path.startswith("/flaky") and calls[self.path] <= 2: status, answer = 503, b"later"
            if self.path == "/hang": time.sleep(600)
            if self.path == "/slow": time.sleep(2)
            if self.path.startswith("/slack"):
                said = {"ok": True, "channel": "C1", "ts": "1712345678.%06d" % calls[self.path]}
                if self.path.startswith("/slack-out"): said = {"ok": False, "error": "not_in_channel"}
                if self.path == "/slack-gone/chat.update": said = {"ok": False, "error": "message_not_found"}
                answer = json.dumps(said).encode()
            redirects = self.path.startswith("/redirect")
            self.send_response(302 if redirects else status)
            if redirects: self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)
        def log_message(self, *arguments): pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_address[1])
    server.serve_forever()
    """#
