# The desk: conversations, console, tickets. The only process that faces the public.
FROM node:20.19.5-bookworm-slim AS web
WORKDIR /build/web
COPY web/package.json web/package-lock.json web/.npmrc ./
RUN npm ci --no-fund --no-audit
COPY web/ ./
COPY tests/golden/ ../tests/golden/
RUN npm run build

FROM python:3.11.14-slim-bookworm
ENV PYTHONPATH=/srv/careline PYTHONUNBUFFERED=1
WORKDIR /srv/careline
COPY requirements/uv.txt requirements/app.lock requirements/
RUN pip install --no-cache-dir -r requirements/uv.txt \
 && uv pip install --system --no-cache --compile-bytecode --no-deps --require-hashes -r requirements/app.lock
COPY pyproject.toml ./
COPY careline/ careline/
COPY desk/ desk/
COPY actions/ actions/
COPY knowledge/ knowledge/
COPY nlu/ nlu/
COPY data/knowledge/ data/knowledge/
COPY --from=web /build/web/dist/ web/dist/
RUN useradd --uid 10001 --create-home careline && install -d -o careline -g careline var
USER 10001
EXPOSE 8080 8081
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/health', timeout=2)"]
CMD ["python", "-m", "careline.processes", "desk"]
