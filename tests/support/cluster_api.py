"""As much of the service of a Kubernetes cluster as Snakemake's executor asks for, without a cluster.

`python tests/support/cluster_api.py FOLDER COMMAND…` answers on a free port of this machine, and writes to FOLDER its
`config` for clients and, to `asked.jsonl`, all that it was asked. The command of each pod is run by COMMAND, which gets
the pod's folder and command as its last words, and the pod's environment. As many run at once as there are processors;
of the first, as many as DETENTE_KILLED says are killed before they begin.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

Json = dict[str, Any]
# Resources and verbs of a request, by its method and how many parts its path has below the namespace.
VERBS = {("POST", 1): "create", ("GET", 1): "list", ("GET", 2): "get", ("GET", 3): "get", ("DELETE", 2): "delete"}


@dataclass
class Cluster:
    """Jobs and secrets of one namespace."""

    folder: Path
    command: list[str]
    killed: int
    secrets: dict[str, Json] = field(default_factory=dict)
    jobs: dict[str, Json] = field(default_factory=dict)
    ended: dict[str, int] = field(default_factory=dict)
    free: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(os.cpu_count() or 1))

    def create(self, job: Json) -> None:
        """Run the pod of a job beside this process."""
        self.jobs[job["metadata"]["name"]] = job
        threading.Thread(target=self._run, args=(job,), daemon=True).start()

    def _run(self, job: Json) -> None:
        name = job["metadata"]["name"]
        (container,) = job["spec"]["template"]["spec"]["containers"]
        if self.killed:
            self.killed -= 1
            self.ended[name] = 137
            return
        secrets = {
            one["name"]: base64.b64decode(self.secrets[ref["name"]]["data"][ref["key"]]).decode()
            for one in container.get("env", [])
            for ref in [one["valueFrom"]["secretKeyRef"]]
        }
        script = container["args"][-1]
        with (self.folder / f"{name}.log").open("wb") as log:
            call = [*self.command, container["workingDir"], script]
            with self.free:
                done = subprocess.run(call, env={**os.environ, **secrets}, stdout=log, stderr=log, check=False)
        self.ended[name] = done.returncode

    def status(self, name: str) -> Json:
        """Status of a job, by how its pod ended."""
        code = self.ended.get(name)
        said = {"active": 1} if code is None else {"failed": 1} if code else {"succeeded": 1}
        return {**self.jobs[name], "status": said}

    def pods(self, name: str) -> list[Json]:
        """The pod of a job."""
        if name not in self.jobs:
            return []
        code = self.ended.get(name)
        state: Json = {"running": {}} if code is None else {"terminated": {"exitCode": code}}
        status = {"name": "snakemake", "image": "", "imageID": "", "ready": False, "restartCount": 0, "state": state}
        return [{"metadata": {"name": f"{name}-pod"}, "status": {"containerStatuses": [status]}}]

    def answer(self, method: str, parts: list[str], query: dict[str, list[str]], body: Json) -> tuple[int, Any]:
        """Status and content of an answer; `parts` of the path below the namespace."""
        said: tuple[int, Any] = 404, {"message": "not found"}
        match method, parts:
            case "POST", ["secrets"]:
                self.secrets[body["metadata"]["name"]] = body
                said = 201, body
            case "POST", ["jobs"]:
                self.create(body)
                said = 201, body
            case "GET", ["jobs", name, "status"] if name in self.jobs:
                said = 200, self.status(name)
            case "GET", ["pods"]:
                said = 200, {"items": self.pods(query["labelSelector"][0].removeprefix("job-name="))}
            case "GET", ["pods", name, "log"] if query.get("previous") == ["true"]:
                said = 400, {"message": f'previous terminated container "snakemake" in pod "{name}" not found'}
            case "GET", ["pods", name, "log"]:
                log = self.folder / f"{name.removesuffix('-pod')}.log"
                said = 200, log.read_text() if log.is_file() else ""
            case "DELETE", ["jobs", name] if name in self.jobs:
                del self.jobs[name]
                said = 200, {}
            case "DELETE", [("secrets" | "pods"), _]:
                said = 200, {}
        return said


def serve(cluster: Cluster) -> None:
    """Answer until the process is ended."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def _do(self) -> None:
            asked = urlsplit(self.path)
            parts = asked.path.partition("/namespaces/")[2].split("/")[1:]
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or b"{}")
            with lock:
                group = asked.path.split("/")[2] if asked.path.startswith("/apis/") else ""
                resource = "/".join([parts[0], *parts[2:]])
                said = {"group": group, "resource": resource, "verb": VERBS[self.command, len(parts)], "body": body}
                with (cluster.folder / "asked.jsonl").open("a") as log:
                    log.write(json.dumps(said) + "\n")
                code, content = cluster.answer(self.command, parts, parse_qs(asked.query), body)
            sent = (content if isinstance(content, str) else json.dumps(content)).encode()
            self.send_response(code)
            self.send_header("Content-Type", "text/plain" if isinstance(content, str) else "application/json")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        do_GET = do_POST = do_DELETE = _do  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "here", "user": "here"}}],
        "clusters": [{"name": "here", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}],
        "users": [{"name": "here", "user": {}}],
    }
    (cluster.folder / "config").write_text(json.dumps(config))
    server.serve_forever()


if __name__ == "__main__":
    serve(Cluster(Path(sys.argv[1]), sys.argv[2:], int(os.environ.get("DETENTE_KILLED", "0"))))
