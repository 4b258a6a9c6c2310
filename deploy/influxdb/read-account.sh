#!/bin/sh
# The account Grafana reads with: it may read the bucket of readings and nothing else. InfluxDB's
# container runs this once, after its set-up; for an older volume: docs/deploy.md.
set -eu
influx v1 auth create \
  --org "$DOCKER_INFLUXDB_INIT_ORG" \
  --username grafana \
  --password "$(cat /run/secrets/influx_read_password)" \
  --read-bucket "$DOCKER_INFLUXDB_INIT_BUCKET_ID"
