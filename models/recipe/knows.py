"""python knows.py PACK [--data data] [--sources a,b]: what the pack was taught, as PACK/knows.json, for suggestions while typing.

{ version, about, phrases, styles, favourites, subjects: [{ name, tags, styles }], colours, grounds }: subjects that were in
training, the best known first (in how many of the styles, then by name); `styles` are places in the list above, favourites
what to offer before a letter was typed.
"""

import argparse
import hashlib
import json
from collections import defaultdict
from pathlib import Path

import images
import words

PHRASES = ["{style} of {colour} {subject}", "{style} of {colour} {subject} on a {ground} background", "{style} of {subject}", "{subject}"]
# What people think of first and can draw; only those that were taught are kept.
FAVOURITES = ["cat", "house with garden", "mushroom", "fish", "rocket", "star", "red apple", "heart suit", "sun", "rabbit face"]


def knows(items: list[dict]) -> dict:
    taught = [x for x in items if x["split"] != "subject"]
    styles = sorted({x["style"] for x in taught})
    drawn, tags = defaultdict(set), defaultdict(set)
    for x in taught:
        drawn[x["subject"]].add(styles.index(x["style"]))
        tags[x["subject"]].update(t for t in x["tags"] if t != x["subject"])
    subjects = sorted(drawn, key=lambda s: (-len(drawn[s]), s))
    return {
        "version": 1,
        "about": "icons and emoji",
        "phrases": PHRASES,
        "styles": styles,
        "favourites": [s for s in FAVOURITES if s in drawn],
        "subjects": [{"name": s, "tags": sorted(tags[s]), "styles": sorted(drawn[s])} for s in subjects],
        "colours": words.NAMES,
        "grounds": words.GROUNDS,
    }


def write(pack: Path, items: list[dict]) -> None:
    text = json.dumps(knows(items), ensure_ascii=False, separators=(",", ":"))
    (pack / "knows.json").write_text(text.replace('{"name"', '\n{"name"') + "\n")


def relist(pack: Path) -> None:
    """Puts knows.json of a pack that was made before it into the pack's manifest."""
    path = pack / "manifest.json"
    manifest = json.loads(path.read_text())
    data = (pack / "knows.json").read_bytes()
    entry = {"name": "knows.json", "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(), "kind": "text"}
    manifest["files"] = sorted([f for f in manifest["files"] if f["name"] != "knows.json"] + [entry], key=lambda f: f["name"])
    manifest["bytes"] = sum(f["bytes"] for f in manifest["files"])
    path.write_text(json.dumps(manifest, indent=2) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("pack", type=Path)
    parser.add_argument("--data", type=Path, default=Path(__file__).parent / "data")
    parser.add_argument("--sources", default="fluent-3d,fluent-emoji-flat,noto,twemoji")
    given = parser.parse_args()
    write(given.pack, list(images.chosen(given.data, given.sources.split(",")).values()))
    relist(given.pack)
