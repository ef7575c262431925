"""Steps as pods of Kubernetes that share the volume of the pod in which the command was given.

Snakemake's executor takes pods to share no files and would send each one's through an object storage, which neither the
paths of the steps nor the records of how files were made go through.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

EXECUTOR = "kubernetes"


def share_volume() -> None:
    """Have Snakemake's executor for Kubernetes leave files where they are, on a volume that all pods share.

    It then also holds the pods of a step to the time that its rule gives, gives them no rights beyond those of a user,
    and has a step whose pod failed sent again; its library does none of that.
    """
    import kubernetes.client as api
    from snakemake_executor_plugin_kubernetes import Executor
    from snakemake_interface_executor_plugins.registry import ExecutorPluginRegistry

    class OnSharedVolume(Executor):  # type: ignore[misc]
        def __post_init__(self) -> None:
            super().__post_init__()
            self.seconds: int | None = None
            create, read = self.batchapi.create_namespaced_job, self.kubeapi.read_namespaced_pod_log

            def created(namespace: str, job: Any) -> Any:
                return create(namespace, limited(job, self.seconds, api))

            # Asked for the log of the run before it, the service has none for a pod that ran once, and the build ended.
            def log(**named: Any) -> Any:
                return read(**{**named, "previous": False})

            self.batchapi.create_namespaced_job, self.kubeapi.read_namespaced_pod_log = created, log

        def run_job(self, job: Any) -> None:
            runtime = job.resources.get("runtime")
            self.seconds = None if runtime is None else int(runtime) * 60
            super().run_job(job)

    plugin = ExecutorPluginRegistry().get_plugin(EXECUTOR)
    plugin.executor = OnSharedVolume
    plugin.common_settings.implies_no_shared_fs = False
    plugin.common_settings.job_deploy_sources = False
    plugin.common_settings.auto_deploy_default_storage_provider = False


def limited(job: Any, seconds: int | None, api: Any) -> Any:
    """A job of Kubernetes (`V1Job`) that works in this folder, ends after `seconds`, without rights; changed."""
    pod = job.spec.template.spec
    job.spec.active_deadline_seconds = seconds
    pod.security_context = api.V1PodSecurityContext(
        run_as_non_root=True, seccomp_profile=api.V1SeccompProfile(type="RuntimeDefault")
    )
    for container in pod.containers:
        container.working_dir = str(Path.cwd())
        container.security_context = api.V1SecurityContext(
            allow_privilege_escalation=False, capabilities=api.V1Capabilities(drop=["ALL"])
        )
    return job
