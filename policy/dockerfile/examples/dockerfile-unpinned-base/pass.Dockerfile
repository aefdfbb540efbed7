FROM golang:1.26@sha256:4bcff63911fcb4448bd4fdacec207030997caf25e9bea4045fa6c8c44de311d1 AS build
RUN go build -o /app .
FROM scratch
COPY --from=build /app /app
USER 65532:65532
