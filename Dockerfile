# syntax=docker/dockerfile:1
# The torchlight command with the libtorch it was built with, about 600 MB:
#
#   docker build -t torchlight .
#   docker run --rm -v "$PWD:/work" torchlight explain --model M.pt photo.jpg

FROM golang:1.26-bookworm AS build
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
# Any version of pip serves: what it downloads is checked against pinned sums.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends python3 python3-pip \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
# libtorch first: it changes less often than the code.
COPY go.mod go.sum ./
COPY internal/libtorch internal/libtorch
COPY cmd/torchlight-libtorch cmd/torchlight-libtorch
RUN CGO_ENABLED=0 XDG_CACHE_HOME=/opt go run ./cmd/torchlight-libtorch install \
 && mv /opt/torchlight/libtorch-* /opt/libtorch
COPY . .
# The default flags of package cgo look into /opt/libtorch.
RUN rm -f cgo/zlibtorch_flags.go && go build -trimpath -buildvcs=false -o /torchlight ./cmd/torchlight

FROM debian:bookworm-slim
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends libstdc++6 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 1000 --create-home torchlight
COPY --from=build /opt/libtorch/lib /opt/libtorch/lib
COPY --from=build /opt/libtorch/LICENSE /opt/libtorch/NOTICE /opt/libtorch/
COPY --from=build /torchlight /usr/local/bin/torchlight
COPY LICENSE /usr/share/doc/torchlight/LICENSE
USER 1000
WORKDIR /work
ENTRYPOINT ["torchlight"]
CMD ["--help"]
