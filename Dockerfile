# The Airbyte source as an image, for self-managed Airbyte:
#   docker build --tag source-dds-backups:0.1.0 .
# One layer with the package and what it needs, then a user without rights and the entrypoint.
FROM python:3.12-slim

LABEL io.airbyte.name="airbyte/source-dds-backups" \
      io.airbyte.version="0.1.0" \
      io.airbyte.protocol_version="0.18.0"

RUN useradd --uid 1000 --create-home airbyte \
    && mkdir --parents /airbyte /config /secrets \
    && chown airbyte:airbyte /airbyte /config /secrets

COPY pyproject.toml README.md LICENSE MANIFEST.in /source/
COPY schemas /source/schemas
COPY tap_dds_backups /source/tap_dds_backups
RUN pip install --no-cache-dir --disable-pip-version-check /source \
    && rm -rf /source

ENV AIRBYTE_ENTRYPOINT="/usr/local/bin/source-dds-backups" \
    PYTHONDONTWRITEBYTECODE=1
WORKDIR /airbyte
USER airbyte
ENTRYPOINT ["/usr/local/bin/source-dds-backups"]
