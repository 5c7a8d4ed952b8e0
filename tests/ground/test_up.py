"""What `careline up` looks at before and after the processes start."""

from __future__ import annotations

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from careline.commands.train import archive_hash
from careline.commands.up import take_folder
from careline.errors import StartError
from careline.programs import check_knowledge
from careline.settings import Settings


def test_a_second_start_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    with take_folder(tmp_path), pytest.raises(StartError, match="Another"):
        take_folder(tmp_path)
    take_folder(tmp_path).close()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StartError, match=r"file/var.*can't be written"):
        take_folder(tmp_path / "file" / "var")


@pytest.mark.parametrize(("degraded", "is_refused"), [("knowledge_missing", True), ("link_down", False)])
def test_a_start_without_knowledge_is_refused(
    tmp_path: Path, free_port: Callable[[], int], degraded: str, is_refused: bool
) -> None:
    class Actions(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b'{"status": "degraded", "degraded": ["%s"]}' % degraded.encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    port = free_port()
    with HTTPServer(("127.0.0.1", port), Actions) as server:
        Thread(target=server.handle_request, daemon=True).start()
        settings = Settings.model_validate({"paths": {"var": tmp_path}, "actions": {"port": port}})
        if is_refused:
            with pytest.raises(StartError, match="careline knowledge build"):
                check_knowledge(settings)
        else:
            check_knowledge(settings)


def test_a_damaged_archive_is_another_one(tmp_path: Path) -> None:
    assert archive_hash(tmp_path) == "missing"
    (tmp_path / "model.tar.gz").write_bytes(b"model")
    whole = archive_hash(tmp_path)
    (tmp_path / "model.tar.gz").write_bytes(b"modem")
    assert archive_hash(tmp_path) != whole
