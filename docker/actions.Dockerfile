# The action server: knowledge base, orders, the link to the desk. Internal network only.
FROM python:3.11.14-slim-bookworm
ENV PYTHONPATH=/srv/careline PYTHONUNBUFFERED=1
WORKDIR /srv/careline
COPY requirements/uv.txt requirements/app.lock requirements/
RUN pip install --no-cache-dir -r requirements/uv.txt \
 && uv pip install --system --no-cache --compile-bytecode --no-deps --require-hashes -r requirements/app.lock
COPY pyproject.toml ./
COPY careline/ careline/
COPY actions/ actions/
COPY desk/ desk/
COPY knowledge/ knowledge/
COPY nlu/ nlu/
RUN useradd --uid 10001 --create-home careline && install -d -o careline -g careline var
USER 10001
EXPOSE 5055
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:5055/health', timeout=2)"]
CMD ["python", "-m", "careline.processes", "actions"]
