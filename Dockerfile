# syntax=docker/dockerfile:1

FROM rust:1.95-bookworm AS builder
WORKDIR /src
# The descriptions in .sqlx stand in for a database while compiling.
ENV SQLX_OFFLINE=true
COPY . .
# The caches live outside the image, so the binary has to be taken out of them in the same step.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target,sharing=locked \
    cargo build --release --locked --bin portal && \
    cp target/release/portal /usr/local/bin/portal

# The same Debian as the builder, for its C library. The binary brings its own TLS, certificates and files, so nothing is installed.
FROM debian:bookworm-slim
COPY --from=builder /usr/local/bin/portal /usr/local/bin/portal
# A number, so that an orchestrator can see that it is not root.
USER 10001:10001
# Production unless it is told otherwise: development shows every e-mail to everybody.
ENV PORTAL_ENV=production PORTAL_LISTEN=0.0.0.0:8080
EXPOSE 8080
# There is no HTTP client in here, but bash can ask. /healthz and not /readyz: a database that is away for a minute is no reason to
# replace the portal, which waits for it. A container that runs `portal work` has no web server: switch this off for it.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /healthz HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3 && read -r _ status _ <&3 && [[ $status == 200 ]]"]
ENTRYPOINT ["portal"]
CMD ["serve"]
