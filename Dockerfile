# Images that run detente, from the lock: docs/containers.md says how they are built and used, and how the base is renewed.
# A target for each use: `detente`, the default, and `development` and `kubernetes`, which add to it.
FROM docker.io/library/python:3.11-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b AS base

FROM base AS environment
WORKDIR /source
COPY containers containers
COPY requirements.lock ./
RUN containers/install environment
COPY pyproject.toml README.md LICENSE Snakefile ./
COPY config config
COPY profiles profiles
COPY workflow workflow
RUN containers/install package && containers/install kernels

# Any user of the host may be named in place of this one (`--user`): home and /study take what anybody writes.
FROM base AS runtime
RUN groupadd --gid 1000 detente \
 && useradd --uid 1000 --gid 1000 --no-log-init --shell /bin/bash --home-dir /opt/home --create-home detente \
 && mkdir /study \
 && chown 1000:1000 /study \
 && chmod 1777 /study /opt/home
COPY --from=environment /opt/detente /opt/detente
ENV PATH=/opt/detente/bin:$PATH HOME=/opt/home USER=detente NUMBA_CACHE_DIR=/opt/detente/kernels DETENTE_MIRROR=/mirror
USER 1000:1000
WORKDIR /study
ENTRYPOINT ["detente"]
CMD ["--help"]

# For a checkout: its own code runs, in the environment of the image where both have the same lock (Makefile).
FROM runtime AS development
USER 0:0
RUN apt-get update \
 && apt-get install -y --no-install-recommends git make \
 && rm -rf /var/lib/apt/lists/* \
 && git config --system safe.directory '*'
ENV DETENTE_ENVIRONMENT=/opt/detente
USER 1000:1000
ENTRYPOINT []
CMD ["bash"]

# For profiles/kubernetes: the command that is given, and each of its steps, are pods of this image.
FROM runtime AS kubernetes
USER 0:0
WORKDIR /source
COPY containers containers
COPY profiles/kubernetes profiles/kubernetes
RUN containers/install kubernetes
USER 1000:1000
WORKDIR /study

FROM runtime AS detente
