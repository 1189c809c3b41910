# syntax=docker/dockerfile:1

# The same version as "packageManager" in package.json; .ci/bun would fetch that one if they differed.
ARG BUN_VERSION=1.4.5

# Without access to this image, any Debian image with Node 20 or newer will do, for instance `node:24-bookworm-slim`:
# .ci/bun then fetches Bun from the package registry.
# Builds run on the machine's own platform, also those for another one: nothing is emulated.
FROM --platform=$BUILDPLATFORM oven/bun:${BUN_VERSION}-slim AS source
WORKDIR /build
COPY package.json bun.lock bunfig.toml ./
COPY .ci .ci
# A layer of its own, kept until one of the files above changes.
RUN sh .ci/bun --version
COPY tsconfig.json LICENSE ./
COPY src src

# docker build --target archives --output dist/release .
FROM source AS release
COPY README.md ./
RUN sh .ci/release
FROM scratch AS archives
COPY --from=release /build/dist/release /

FROM source AS build
# linux/amd64 or linux/arm64, by --platform.
ARG TARGETARCH
RUN case "$TARGETARCH" in amd64) target=bun-linux-x64 ;; *) target=bun-linux-$TARGETARCH ;; esac \
  && sh .ci/build --target "$target" \
  && sh .ci/bun .ci/archives/write-notices.ts >dist/THIRD-PARTY-NOTICES.txt

# The binary needs glibc and nothing else; this image adds certificate authorities and time zones, and has no shell.
FROM gcr.io/distroless/base-nossl-debian12:nonroot
LABEL org.opencontainers.image.title="Inference Gateway" \
      org.opencontainers.image.description="One OpenAI-compatible endpoint in front of many inference providers" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /build/LICENSE /build/dist/THIRD-PARTY-NOTICES.txt /usr/share/doc/inference-gateway/
COPY --from=build /build/dist/inference-gateway /usr/local/bin/inference-gateway
ENV SERVER_HOST=0.0.0.0 \
    SERVER_PORT=8080
USER nonroot
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 \
  CMD ["/usr/local/bin/inference-gateway", "--healthcheck"]
ENTRYPOINT ["/usr/local/bin/inference-gateway"]
