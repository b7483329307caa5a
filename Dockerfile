# One image for the broker, every worker and the command line.
FROM swift:6.3.1-bookworm AS build
WORKDIR /src
COPY Scripts/dependencies Scripts/dependencies
RUN apt-get update && Scripts/dependencies
COPY . .
RUN Scripts/install /opt/barid

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends libzmq5 libsodium23 libsqlite3-0 libstdc++6 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/barid barid \
    && install -d -m 0700 -o barid -g barid /run/barid /var/lib/barid
COPY --from=build /opt/barid /opt/barid
ENV PATH=/opt/barid/bin:$PATH \
    BARID_ENDPOINT=ipc:///run/barid/broker.ipc \
    BARID_DATA=/var/lib/barid
USER barid
WORKDIR /var/lib/barid
CMD ["barid-broker"]
