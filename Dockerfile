# syntax=docker/dockerfile:1
# The server as an image: what `npm ci --omit=dev` and `npm run build` make, run by an unprivileged user.
#
# Debian rather than Alpine, as this is what the tests run on; the native packages (bcrypt, libsql) bring their binaries either way.
ARG NODE_VERSION=20
FROM node:${NODE_VERSION}-bookworm-slim AS base
WORKDIR /app
COPY package.json package-lock.json .npmrc ./

FROM base AS build
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY src src
COPY scripts/build-page.mjs scripts/
COPY client-demo client-demo
RUN npm run build

FROM base AS dependencies
RUN npm ci --omit=dev && npm cache clean --force

FROM node:${NODE_VERSION}-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4000 DATA_DIR=/data
WORKDIR /app
# A volume that is put there is given this owner.
RUN install --directory --owner=node --group=node --mode=0700 /data
COPY --from=dependencies /app/package.json ./
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
USER node
EXPOSE 4000
# Whether it lives, not whether it is ready: who cannot reach a database need not be replaced.
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/live`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Node itself is the first process, hence SIGTERM reaches it.
CMD ["node", "dist/main.js"]
