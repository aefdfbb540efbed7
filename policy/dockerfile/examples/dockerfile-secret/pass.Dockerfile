FROM node:24@sha256:4bcff63911fcb4448bd4fdacec207030997caf25e9bea4045fa6c8c44de311d1
RUN --mount=type=secret,id=npm,env=NPM_TOKEN npm ci
USER 1000
