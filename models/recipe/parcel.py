"""python parcel.py EVALUATION OUT.zip: an evaluation without its pictures, as one file that can travel: tables, every piece's numbers, sheets.

The sheets are PNG where all of it stays below 15 MiB, else JPEG. Unpacked into a run's folder, `evaluate.py` and `export.py`
find the tables there.
"""

import io
import sys
import zipfile
from pathlib import Path

from PIL import Image

MOST = 15 * 2**20


def jpeg(path: Path) -> bytes:
    out = io.BytesIO()
    Image.open(path).convert("RGB").save(out, "JPEG", quality=88)
    return out.getvalue()


def main(folder: Path, out: Path) -> None:
    texts = [p for p in (folder / "evaluation.json", folder / "evaluation.md", *sorted(folder.glob("evaluated/**/*.json"))) if p.exists()]
    sheets = sorted(folder.glob("sheets/*.png"))
    small = sum(p.stat().st_size for p in [*texts, *sheets]) < MOST
    out.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in texts:
            archive.write(path, path.relative_to(folder))
        for path in sheets:
            name = path.relative_to(folder)
            if small:
                archive.write(path, name)
            else:
                archive.writestr(name.with_suffix(".jpg").as_posix(), jpeg(path))
    print(f"{out.name}: {len(texts)} tables and pieces, {len(sheets)} sheets, {out.stat().st_size / 2**20:.1f} MiB")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
