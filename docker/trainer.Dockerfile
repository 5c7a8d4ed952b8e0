# The trainer: both environments, run once and again whenever data/ changes. It writes the models into the volume.
FROM python:3.11.14-slim-bookworm
ENV PYTHONPATH=/srv/careline PYTHONUNBUFFERED=1 UV_PYTHON_INSTALL_DIR=/opt/python
WORKDIR /srv/careline
COPY requirements/ requirements/
COPY pyproject.toml ./
COPY careline/ careline/
RUN python -m careline.bootstrap app engine
COPY config.yml careline.toml ./
COPY bot/ bot/
COPY nlu/ nlu/
COPY knowledge/ knowledge/
COPY actions/ actions/
COPY desk/ desk/
COPY data/ data/
RUN useradd --uid 10001 --create-home careline && install -d -o careline -g careline var
USER 10001
HEALTHCHECK NONE
CMD [".venv/bin/careline", "train"]
