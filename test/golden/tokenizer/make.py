"""Ids of transformers' CLIPTokenizer for texts that the parity case lacks. Makes expected.json beside this file.

python make.py, with transformers 5, without network. Random texts are seeded.
"""

import json
import os
import random
import shutil
import tempfile
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
from transformers import CLIPTokenizer  # noqa: E402

HERE = Path(__file__).parent
SOURCE = HERE.parent / "parity" / "sd15-tiny" / "base" / "tokenizer"

TEXTS = [
    "!!", "a!b!", "<|endoftext|><|endoftext|>", "<|endoftext|>!!", "!!<|startoftext|>??", "x<|STARTOFTEXT|>!!", "!!<|EndOfText|>!?",
    "<|endoftext|", "<|startoftext|>", "  <|endoftext|>  a", "'S'T", "!'s", "''s", "it''s", "'re'LL'", "a'b'c'd'm",
    "ΑΣ ΣΑΣ σς", "İİ I\u0307", "ǅ Ǆ ŉ ΐ", "K\u212a \u2126 \u212b", "e\u0301\u0327 \u0327e\u0301", "\u1100\u1161\u11a8 \uac01", "ﬃ ĳ ǳ",
    "\u0344 \u0958 \u2adc", "a\u0085b\u2028c\u2029d\u200be\ufefff\u180eg\u3000h\u1680i\u2007j", "\x00\x1f\x7f\x80\x9f", "\u00ad\u034f\u061c\u2060",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467\U0001f3fd", "\U0001f3f4\U000e0067\U000e0062\U000e007f", "\u2764\ufe0f\u200d\U0001f525", "\U0001f1e9\U0001f1ea\U0001f1eb",
    "\U0001d7d8\U0001d400\u2460\u3251\u0be7\u0e51", "Ⅷ ⅷ ↀ 〇 一二三", "ªº ⁿ ₂ ²³", "\u0661\u0662", "\u0300\u0301\u0302", "a\u0300\u0316\u0345b",
    "中文abc中123文", "ไทยข้อความ", "தமிழ்", "မြန်မာ", "ⴰⵎⴰⵣⵉⵖ", "\u16a0\u16a1", "\U00010400\U00010428", "\ue000\uf8ff\U0010fffd", "\ufdd0\uffff",
    "x" * 300, "ab" * 200, "the" * 100, "!" * 200, "9" * 90, "\U0001f600" * 60, "é" * 120, "aB" * 77, "don't'll've" * 9,
    "a1b2c3", "1.5e-3", "(masterpiece:1.2), [[blur]]", "a\\b\\(c\\)", "__wild__ {a|b}", "&#x27;&amp;", "%20%C3%A9", "\\u00e9 \\n",
]  # fmt: skip

ALPHABETS = [
    "abcdefghij'.,! ", "ABCÄÖÜßéèç ΣσςİıI", "0123456789.,-/ ", "猫犬空の絵カナ한국어 ", "\u200d\ufe0f\U0001f600\U0001f469\U0001f3fd\U0001f680❤ ",
    "\u0300\u0301\u0327eaoAO \u0345", " \t\n\r\u00a0\u0085\u2003\u3000ab", "<|>endoftx", "\u0905\u093f\u0928\u094d\u0e01\u0e34\u0633\u0644 ",
]  # fmt: skip


def random_texts() -> list[str]:
    chance = random.Random(7)
    found = []
    for n in range(60):
        letters = "".join(chance.sample(ALPHABETS, 1 + n % 3))
        found.append("".join(chance.choice(letters) for _ in range(chance.randint(1, 40))))
    return found


def normalized_tokenizer(folder: Path) -> CLIPTokenizer:
    """As Stable Diffusion's own folders say it: special tokens are looked for in the normalized text."""
    for name in ("vocab.json", "merges.txt"):
        shutil.copy(SOURCE / name, folder / name)
    token = {"lstrip": False, "normalized": True, "rstrip": False, "single_word": False}
    names = {"bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>"}
    config = {key: {"__type": "AddedToken", "content": value, **token} for key, value in names.items()}
    config |= {"pad_token": "<|endoftext|>", "model_max_length": 77, "tokenizer_class": "CLIPTokenizer"}
    config["pad_token"] = config["eos_token"]
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    return CLIPTokenizer.from_pretrained(folder)


def main() -> None:
    texts = TEXTS + random_texts()
    plain = CLIPTokenizer.from_pretrained(SOURCE)
    with tempfile.TemporaryDirectory() as folder:
        late = normalized_tokenizer(Path(folder))
    marked = [text for text in texts if "text" in text.lower()]
    found = {
        "full": [[text, plain(text).input_ids] for text in texts],
        "normalized": [[text, late(text).input_ids] for text in marked],
    }
    lines = [f'"{key}": [\n' + ",\n".join(json.dumps(row) for row in rows) + "\n]" for key, rows in found.items()]
    (HERE / "expected.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


main()
