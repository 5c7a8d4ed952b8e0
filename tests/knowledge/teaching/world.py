"""A world of words in which questions call everything by another name than its page does."""

from dataclasses import replace

from knowledge.documents import Document, plain_document

THINGS = {
    "lamp": "lantern", "sofa": "couch", "rug": "carpet", "table": "desk", "cup": "mug", "bed": "bunk",
    "shelf": "rack", "chair": "stool", "vase": "pot", "clock": "timer", "mirror": "glass", "towel": "cloth",
}  # fmt: skip
MATTERS = {
    "return": "undo", "delivery": "truck", "warranty": "broke", "colour": "paint", "price": "money",
    "cleaning": "dirt", "size": "wide", "assembly": "screw", "refund": "cash", "gift": "present",
}  # fmt: skip
SAID = ("how", "is", "my", "the", "about", "this", "tells", "page", "of", "and", ".", "?")


def world() -> list[Document]:
    """One document for each thing and matter, and one question that shares no word of weight with it."""
    return [
        replace(
            plain_document(
                f"{thing}-{matter}", f"{thing} {matter}", f"This page tells about {thing} {matter}."
            ),
            questions=(f"how is my {asked} {wish}?",),
        )
        for thing, asked in THINGS.items()
        for matter, wish in MATTERS.items()
    ]
