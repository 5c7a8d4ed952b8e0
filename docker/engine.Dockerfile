# The dialogue engine: Rasa with our channel. Internal network only.
FROM python:3.10.19-slim-bookworm
ENV PYTHONPATH=/srv/careline PYTHONUNBUFFERED=1 RASA_TELEMETRY_ENABLED=false TICKET_LOCK_LIFETIME=60 \
    CARELINE_VAR=/srv/careline/var CARELINE_TRACKER_DB=/srv/careline/var/tracker.db
WORKDIR /srv/careline
COPY requirements/uv.txt requirements/engine.lock requirements/
RUN pip install --no-cache-dir -r requirements/uv.txt \
 && uv pip install --system --no-cache --compile-bytecode --no-deps --require-hashes -r requirements/engine.lock
COPY bot/ bot/
COPY nlu/ nlu/
COPY docker/engine_health.py docker/
RUN useradd --uid 10001 --create-home careline && install -d -o careline -g careline var
USER 10001
EXPOSE 5005
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 CMD ["python", "docker/engine_health.py"]
CMD ["python", "-m", "rasa", "run", "--model", "var/models/rasa", \
     "--credentials", "bot/credentials.yml", "--endpoints", "bot/endpoints.yml", \
     "--interface", "0.0.0.0", "--port", "5005"]
