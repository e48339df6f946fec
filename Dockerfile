# The images of this project. The default is otel-health, for services:
#
#   docker build -t otel-health .
#
# The whole Dockerfile of a service is then, for example:
#
#   FROM otel-health
#   COPY . .
#   CMD ["otel-health", "run", "--", "node", "--import", "otel-health/register", "service.js"]
#
# docker-compose.yml builds the targets otel-collector and demo.

FROM busybox:1.37.0-musl AS busybox
RUN mkdir -p /owned/queue

# The collector's image holds one program and nothing else: no health check could run in it, and a volume for the queue would be root's.
# A new named volume takes the owner of the folder it is mounted on.
FROM otel/opentelemetry-collector-contrib:0.162.0 AS otel-collector
COPY --from=busybox /bin/wget /bin/wget
COPY --from=busybox --chown=10001:10001 /owned/ /var/lib/otelcol/
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=3 CMD ["/bin/wget", "-qO", "/dev/null", "http://127.0.0.1:13133/"]

FROM node:26.10.0-trixie-slim AS build
WORKDIR /src
COPY .npmrc package.json package-lock.json ./
# Without scripts: this image brings its Node, and there is nothing to build yet.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json README.md CHANGELOG.md LICENSE ./
COPY scripts scripts
COPY src src
# The package as it is published, beside the versions of its dependencies that it was tested with.
RUN npm pack \
  && npm ci --omit=dev --ignore-scripts \
  && mkdir node_modules/otel-health \
  && tar -xzf otel-health-*.tgz -C node_modules/otel-health --strip-components=1 \
  && chmod 755 node_modules/otel-health/dist/bin.cjs

FROM node:26.10.0-trixie-slim AS base
# Node searches every folder above the working directory for the package of --import: in the root it is found from anywhere, and a
# service that has otel-health in its own node_modules gets that.
COPY --from=build /src/node_modules /node_modules
RUN ln -s /node_modules/otel-health/dist/bin.cjs /usr/local/bin/otel-health
ENV NODE_ENV=production
WORKDIR /app
# The process answers /livez here, and nobody outside of its container hears of it unless HEALTH_HTTP_HOST says so: docs/liveness.md.
ENV HEALTH_HTTP_PORT=8011
# Whether the process lives, whatever its service makes of the world: no outage of an upstream or of the health Redis makes a container
# unhealthy, so that Swarm or autoheal may start it again for it. Docker itself starts nothing again for it: that is what `otel-health run` is for.
HEALTHCHECK --interval=10s --timeout=8s --start-period=30s --retries=3 CMD ["otel-health", "check", "--alive"]

# The tracker fetcher and the simulated Apple and anisette: TypeScript, run as it is.
FROM base AS demo
RUN echo '{"type":"module"}' >package.json
COPY examples/service service
COPY examples/simulators simulators
COPY examples/tracker-fetcher tracker-fetcher
USER node
CMD ["otel-health", "run", "--", "node", "--import", "otel-health/register", "tracker-fetcher/service.ts"]

FROM base AS otel-health
USER node
