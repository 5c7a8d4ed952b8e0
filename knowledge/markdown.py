"""Markdown becomes blocks of plain text: lists and tables stay readable, markup and HTML do not come through."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.token import Token

Clean = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, list item, table row or code line, with the headings above it (outermost first)."""

    headings: tuple[str, ...]
    text: str


def markdown_blocks(source: str, clean: Clean) -> tuple[Block, ...]:
    """Read Markdown as blocks.

    A list item begins with "•" or its number, a table row reads "• Row – Header: cell; Header: cell", or
    "• Row: cell" in a table of two columns. HTML blocks and
    tags are left out, the text between inline tags stays, an image leaves its description.
    """
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    reader = _Reader(clean)
    for token in parser.parse(source):
        reader.take(token)
    return tuple(reader.blocks)


@dataclass(slots=True)
class _Reader:
    """Walks the tokens; knows where it is (headings, lists, table)."""

    clean: Clean
    blocks: list[Block] = field(default_factory=list)
    headings: list[tuple[int, str]] = field(default_factory=list)
    markers: list[int | None] = field(default_factory=list)
    pending_marker: str = ""
    heading_level: int | None = None
    header_cells: list[str] = field(default_factory=list)
    row_cells: list[str] = field(default_factory=list)
    is_header: bool = False
    is_table: bool = False

    def take(self, token: Token) -> None:
        """Handle one token; kinds without a handler carry no text."""
        if token.type == "inline":
            self._inline(self.clean(_plain(token)))
        elif token.type in {"fence", "code_block"}:
            for line in token.content.splitlines():
                self._add(self.clean(line))
        else:
            self._structure(token)

    def _structure(self, token: Token) -> None:
        match token.type:
            case "heading_open":
                self.heading_level = int(token.tag[1:])
            case "heading_close":
                self.heading_level = None
            case "bullet_list_open":
                self.markers.append(None)
            case "ordered_list_open":
                self.markers.append(int(token.attrGet("start") or 1))
            case "bullet_list_close" | "ordered_list_close":
                self.markers.pop()
            case "list_item_open":
                self._mark_item()
            case "thead_open" | "thead_close":
                self.is_header = token.type == "thead_open"
            case "table_open" | "table_close":
                self.is_table = token.type == "table_open"
                self.header_cells = []
            case "tr_open":
                self.row_cells = []
            case "tr_close":
                self._close_row()
            case _:
                pass

    def _mark_item(self) -> None:
        number = self.markers[-1]
        if number is None:
            self.pending_marker = "• "
        else:
            self.pending_marker = f"{number}. "
            self.markers[-1] = number + 1

    def _inline(self, text: str) -> None:
        if self.heading_level is not None:
            level = self.heading_level
            self.headings = [(above, name) for above, name in self.headings if above < level]
            if text:
                self.headings.append((level, text))
        elif self.is_table:
            self.row_cells.append(text)
        else:
            self._add(text)

    def _close_row(self) -> None:
        if self.is_header:
            self.header_cells = self.row_cells
            return
        subject, *cells = self.row_cells
        names = self.header_cells[1:] + [""] * len(cells)
        if len(cells) == 1 and not names[0].endswith("?"):
            text = _named(subject, cells[0]) if cells[0] else subject
        else:
            named = [_named(name, cell) for name, cell in zip(names, cells, strict=False) if cell]
            text = " – ".join(part for part in (subject, "; ".join(named)) if part)
        self._add(text and f"• {text}")

    def _add(self, text: str) -> None:
        if text:
            self.blocks.append(Block(tuple(name for _, name in self.headings), self.pending_marker + text))
            self.pending_marker = ""


def _named(name: str, cell: str) -> str:
    if not name:
        return cell
    return f"{name} {cell}" if name[-1] in "?:" else f"{name}: {cell}"


def _plain(token: Token) -> str:
    return "".join(_pieces(token.children or []))


def _pieces(children: list[Token]) -> Iterator[str]:
    for child in children:
        match child.type:
            case "text" | "code_inline" | "text_special":
                yield child.content
            case "softbreak" | "hardbreak":
                yield " "
            case "image":
                yield "".join(_pieces(child.children or []))
            case _:
                pass
