"""Signed deliveries over a few connections, each about a run of its own."""

import hashlib
import hmac
import http.client
import json
import secrets
import threading
from dataclasses import dataclass, field

PATH = "/api/webhook/github-actions"
REPOSITORY = {"id": 1, "full_name": "acme/shop", "default_branch": "main", "private": False}
TIME = "2026-01-01T00:00:00Z"
# Chance can not be compressed, so that a payload takes pages of its own.
CHANCE = 1500


@dataclass
class Load:
    """What was sent, and what came back."""

    secret: str
    runs: dict[str, int] = field(default_factory=dict)
    # In the order of sending, by the client's port.
    sent: dict[int, list[str]] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)
    refused: list[int] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, address, count, connections, enough):
        """Sends deliveries; calls `enough` once, when so many were answered for."""
        self.sent = {}
        goal = len(self.answered) + count
        called = threading.Event()

        def connection():
            client = http.client.HTTPConnection(address, timeout=60)
            client.connect()
            # Never silently another connection: answers are told apart by the port.
            client.auto_open = 0
            sent = self.sent.setdefault(client.sock.getsockname()[1], [])
            while len(self.answered) < goal and self.deliver(client, sent):
                pass
            with self.lock:
                last = len(self.answered) >= goal and not called.is_set()
                called.set()
            if last:
                enough()

        threads = [threading.Thread(target=connection) for _ in range(connections)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self.refused:
            raise SystemExit(f"power-cut: deliveries were answered with {self.refused}")

    def deliver(self, client, sent):
        with self.lock:
            run = len(self.runs) + 1
            guid = f"{run:08}-{secrets.token_hex(8)}"
            self.runs[guid] = run
        sent.append(guid)
        body = delivery(run)
        signature = hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "X-GitHub-Event": "workflow_run",
            "X-GitHub-Delivery": guid,
            "X-Hub-Signature-256": f"sha256={signature}",
        }
        try:
            client.request("POST", PATH, body, headers)
            answer = client.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            return False
        if answer.status != 200:
            self.refused.append(answer.status)
            return False
        with self.lock:
            self.answered.add(guid)
        return True


def delivery(run):
    workflow_run = {
        "id": run,
        "run_attempt": 1,
        "run_number": run,
        "workflow_id": 1,
        "name": "CI",
        "path": ".github/workflows/ci.yml",
        "display_title": secrets.token_hex(CHANCE),
        "status": "in_progress",
        "event": "push",
        "head_branch": "main",
        "head_sha": secrets.token_hex(20),
        "html_url": f"https://github.com/acme/shop/actions/runs/{run}",
        "created_at": TIME,
        "run_started_at": TIME,
        "updated_at": TIME,
    }
    event = {"action": "in_progress", "workflow_run": workflow_run, "repository": REPOSITORY}
    return json.dumps(event).encode()
