# Now Serving in a container: Python's slim image, the program in an environment of its own, a user without rights.

FROM python:3.11-slim-bookworm AS built
WORKDIR /source
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY server server
COPY kiosk_ui kiosk_ui
COPY display display
COPY staff_console staff_console
COPY migrations migrations
# Without pip of its own: what is not there needs no update.
RUN python -m venv --without-pip /app \
    && python -m pip --python /app/bin/python install --no-cache-dir --constraint constraints.txt . \
    && /app/bin/python -m compileall -q /app/lib

FROM python:3.11-slim-bookworm
RUN python -m pip uninstall --yes --root-user-action ignore setuptools wheel pip \
    && useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin nowserving \
    && install --directory --owner nowserving --group nogroup --mode 0700 /data
COPY --from=built /app /app
ENV PATH=/app/bin:$PATH PYTHONUNBUFFERED=1 DATA_DIR=/data PORT=8000
WORKDIR /data
USER nowserving
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
# Alive, not ready: a database that is away is no reason to start this container anew.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/healthz', timeout=4)"]
ENTRYPOINT ["nowserving"]
CMD ["serve"]
