"""What Snakemake asked of a cluster is legal, within the rights of its pod, and what rules say that steps need."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate

from support.images import PODS, ROOT, manifests


def rights() -> set[tuple[str, str, str]]:
    """Group, resource and verb of all that the role allows."""
    rules = manifests((ROOT / PODS).read_text("utf-8"))["Role"]["rules"]
    return {(g, r, v) for rule in rules for g in rule["apiGroups"] for r in rule["resources"] for v in rule["verbs"]}


def check(asked: list[dict[str, Any]]) -> None:
    """Raises AssertionError if a request is not as it should be."""
    used = {(one["group"], one["resource"], one["verb"]) for one in asked}
    assert used == rights(), f"asked for, and allowed or not: {sorted(used ^ rights())}"
    jobs = [one["body"] for one in asked if (one["resource"], one["verb"]) == ("jobs", "create")]
    for job in jobs:
        whole = {"apiVersion": "batch/v1", "kind": "Job", **job}
        kubernetes_validate.validate(whole, kubernetes_validate.latest_version(), strict=True)
        pod = job["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        assert pod["securityContext"]["runAsNonRoot"]
        assert not container["securityContext"]["allowPrivilegeEscalation"]
        assert container["resources"]["limits"]["memory"] == container["resources"]["requests"]["memory"]
        assert container["image"] == "localhost/detente:kubernetes"
    simulated = [job for job in jobs if "simulate_tiny" in job["spec"]["template"]["spec"]["containers"][0]["args"][-1]]
    assert len(simulated) == 2, "the first pod was killed, and must be made once more"
    for job in simulated:
        # As workflow/rules/acquire.smk says: 1,000 MB and 10 minutes.
        assert job["spec"]["activeDeadlineSeconds"] == 600
        assert job["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]["memory"] == "1000M"


if __name__ == "__main__":
    check([json.loads(line) for line in Path(sys.argv[1]).read_text("utf-8").splitlines()])
