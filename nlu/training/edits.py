"""Changing a stretch of an example's text so that its entities stay where they were written."""

from __future__ import annotations

from dataclasses import replace

from nlu.examples import Entity, Example


def touches_entity(example: Example, start: int, end: int) -> bool:
    """Tell whether ``text[start:end]`` shares a character with an entity."""
    return any(entity.start < end and start < entity.end for entity in example.entities)


def edit(example: Example, start: int, end: int, text: str) -> Example:
    """Put `text` in the place of ``example.text[start:end]`` and move the entities along.

    An edit within an entity changes how the entity is written; its value follows unless it is a canonical one. An edit
    across an entity's border, or one that would leave an entity or the example blank, changes nothing.
    """
    changed = example.text[:start] + text + example.text[end:]
    moved = [_moved(entity, changed, start, end, len(text) - (end - start)) for entity in example.entities]
    entities = tuple(entity for entity in moved if entity is not None)
    if len(entities) < len(moved) or not changed.strip():
        return example
    surfaces = [(e, example.text[e.start : e.end]) for e in example.entities]
    return replace(
        example,
        text=changed,
        entities=tuple(
            replace(after, value=changed[after.start : after.end]) if before.value == surface else after
            for after, (before, surface) in zip(entities, surfaces, strict=True)
        ),
    )


def _moved(entity: Entity, changed: str, start: int, end: int, by: int) -> Entity | None:
    """Give the entity its place after the edit; None if the edit crosses its border or empties it."""
    if end <= entity.start:
        return replace(entity, start=entity.start + by, end=entity.end + by)
    if start >= entity.end:
        return entity
    if entity.start <= start and end <= entity.end and changed[entity.start : entity.end + by].strip():
        return replace(entity, end=entity.end + by)
    return None
