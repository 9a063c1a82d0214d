"""What AUTOMATIC1111's rules and diffusers make of prompts. Makes the other files beside this one.

OMP_NUM_THREADS=1 python make.py, with what requirements.txt lists, without network. Random prompts are seeded.
"""

import json
import os
import random
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
import torch  # noqa: E402
from a1111 import chunks_of, emphasized, padded, weights_of  # noqa: E402
from diffusers import ControlNetModel, StableDiffusionControlNetPipeline  # noqa: E402
from diffusers.loaders import TextualInversionLoaderMixin  # noqa: E402
from safetensors.torch import save_file  # noqa: E402
from transformers import CLIPTextModel, CLIPTokenizer  # noqa: E402

HERE = Path(__file__).parent
PARITY = HERE.parent / "parity"
ROOT = HERE.parent.parent.parent

WEIGHTS = [
    "", " ", "normal text", "an (important) word", "(unbalanced", "[unbalanced", "unbalanced)", "unbalanced]", "()", "[]", "(())", "(:1.3)",
    r"\(literal\]", r"a \\ b", r"a \ b", "\\", r"\\\(", r"\\(x)", r"\n\t", r"(a\)b)", r"(a\:1.2)", "(unnecessary)(parens)", "(a)(b)[c][d]",
    "a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))).", "(x:1.3)", "(x: 1.3)", "(x:1.3 )", "(x:\u3000\t-1.3\x1c\n)", "(x: 1 .3)", "(x: + 1)", "a: 1.2 )", "[x: 1.3 ]", "((x : 0.5 ) y: 2 )", "(x:  )", "(x: 1.3 BREAK)", "(x:+1.3)", "(x:-0.5)", "(x:.5)", "(x:2.)", "(x:0)", "(x:1)",
    "(x:)", "(a:b", "(a:b)", "(a:b:1.2)", "a:1.2)", "a:1.2", "[x:1.3]", "[x:1.3)", "(x:1.3]", "[(x:1.3)", "([x)]", "([(x)])", "(a [b) c]", "[[a] (b]) c",
    "((((((((((x))))))))))", "[[[[[[[[[[x]]]]]]]]]]", "([([([x])])])", "(a (b (c (d:1.2):1.2):1.2):1.2)", "(a:1.21) ((b))", "(a:1e3)", "(1:2:3)", ":", "::", ":)", "(:)",
    "a BREAK b", "aBREAK b", "BREAKa", "a  BREAK\n\tb", "BREAK", "BREAK BREAK", "a BREAK BREAK b", "break", "_BREAK_", "BREAK.", "é BREAKé", "a,BREAK,b", "(a BREAK b)", "(a BREAK b:1.5)",
    "[a BREAK b]", "(a BREAK b:1)", "([a BREAK b])", "(BREAK:-1)", r"BREAK\(BREAK", "a:BREAK:b", "(a)BREAK(b)", "a\u00a0BREAK\u2003b", "a\x1fBREAK\x1cb", "a\u200bBREAK\ufeffb", "猫BREAK", "a BREAK",
    "(x:１.２)", "(x:١.٢)", "(x:1१)", "(BR:-1)(EAK:-1)", "(😀:1.2) 😀", "(e\u0301:1.2)\u0301", "a (cat, dog:1.2), bird", "{a|b} <lora:x:0.8>", "(<b>:1.1)", "masterpiece, (best quality:1.4), [[lowres]], ((8k))",
]  # fmt: skip

LETTERS = ["(", ")", "[", "]", ":", "\\", ",", " ", "a", "cat", "1.2", "0.9", "-1", ".", " BREAK ", "BREAK", "\n", "é", "猫", ":1.3)"]


def random_prompts(count: int, seed: int) -> list[str]:
    chance = random.Random(seed)
    return ["".join(chance.choice(LETTERS) for _ in range(chance.randint(1, 24))) for _ in range(count)]


def readable(prompt: str) -> bool:
    """The web UI fails on weights that are no numbers, as "(a:1.2.3)"."""
    try:
        weights_of(prompt)
        return True
    except ValueError:
        return False


def runs(chunks: list[tuple[list[int], list[float]]]) -> list[list[list[float]]]:
    """Each chunk as [id, weight, how often it comes in a row]."""
    found = []
    for ids, weights in chunks:
        found.append([])
        for token in zip(ids, weights, strict=True):
            if found[-1] and tuple(found[-1][-1][:2]) == token:
                found[-1][-1][2] += 1
            else:
                found[-1].append([*token, 1])
    return found


def long_prompts() -> list[str]:
    cats = lambda count: " ".join(["cat"] * count)
    chance = random.Random(3)
    words = ["red", "lighthouse", "a", "on", ",", ",", "(cliff:1.2)", "[fog]", "oil painting,", "zxqv", "😀", "BREAK"]
    made = [" ".join(chance.choice(words) for _ in range(chance.randint(60, 260))) for _ in range(8)]
    return [
        cats(74), cats(75), cats(76), cats(150), cats(151), f"{cats(74)},", f"{cats(75)},", f"{cats(75)}, dog", f"{cats(74)}, dog", f"{cats(54)}, {cats(30)}",
        f"{cats(53)}, {cats(30)}", f"{cats(55)}, {cats(30)}", f"{cats(56)}, {cats(30)}", f"{cats(70)}, dog, {cats(90)}", f", {cats(80)}", "," * 200, ", " * 160, f"{cats(60)}, ({cats(40)}:1.3)",
        f"{cats(75)} BREAK dog", f"{cats(74)} BREAK dog", f"BREAK {cats(76)}", f"{cats(10)}, {cats(64)}{'x' * 40}", f"({cats(60)}, {cats(100)}:0.8)", *made,
    ]  # fmt: skip


class Inverted(TextualInversionLoaderMixin):
    """As much of a pipeline as diffusers' textual inversion needs."""

    def __init__(self, folder: Path):
        self.tokenizer = CLIPTokenizer.from_pretrained(folder / "tokenizer")
        self.text_encoder = CLIPTextModel.from_pretrained(folder / "text_encoder").eval()
        self.components = {"text_encoder": self.text_encoder, "tokenizer": self.tokenizer}
        self.hf_device_map = None


def states_of(encoder: CLIPTextModel, ids: list[int], skip: int = 0) -> torch.Tensor:
    inner = getattr(encoder, "text_model", encoder)
    with torch.no_grad():
        out = encoder(torch.tensor([ids]), output_hidden_states=True)
        return (out.last_hidden_state if skip == 0 else inner.final_layer_norm(out.hidden_states[-1 - skip]))[0]


STATES = [
    ("sd15-tiny", "a (lighthouse:1.4) on a [cliff], oil painting", 0),
    ("sd15-tiny", f"{' '.join(['stone'] * 60)}, (a red boat:0.7) on the (((sea))) {' '.join(['wave'] * 20)} BREAK (dusk:-0.5)", 0),
    ("sd15-tiny", "(a ((very)) [small] cat:1.25)", 1),
    ("sd21-tiny", "a (lighthouse:1.4) on a cliff BREAK", 0),
    ("sd21-tiny", "(sea:1.2) BREAK [fog], dusk", 2),
]  # fmt: skip

INVERSIONS = ["a photo of <toy> on sand", "EasyNegative, (fog), my-style", "<toy><toy> easynegative.", "by my-style", "a EASYNEGATIVE <Toy>!"]


DRAWN = ("(a red boat:1.3) on the sea BREAK [dusk], fog", "blurry")


def drawn_by_chunks(folder: Path, of: Inverted) -> dict[str, torch.Tensor]:
    """Two steps of diffusers' ControlNet pipeline on states of two chunks; the negative prompt has an empty one."""
    comma = of.tokenizer.get_vocab()[",</w>"]
    embeds = []
    for prompt in DRAWN:
        chunks = chunks_of(prompt, of.tokenizer, 75, comma)
        chunks += [([], [])] * (2 - len(chunks))
        rows = [emphasized(states_of(of.text_encoder, padded(ids, 77, of.tokenizer)), weights) for ids, weights in chunks]
        embeds.append(torch.cat(rows)[None])
    net = ControlNetModel.from_pretrained(folder / "controlnets" / "canny")
    pipe = StableDiffusionControlNetPipeline.from_pretrained(folder / "base", controlnet=net, safety_checker=None)
    pipe.set_progress_bar_config(disable=True)
    noise = torch.randn(1, 4, 6, 8, generator=torch.Generator().manual_seed(23))
    # Every seventh column white.
    stripes = (torch.arange(64) % 7 == 0).float().expand(1, 3, 48, 64)
    out = pipe(prompt_embeds=embeds[0], negative_prompt_embeds=embeds[1], image=stripes, width=64, height=48, latents=noise,
               num_inference_steps=2, guidance_scale=5.0, output_type="latent")  # fmt: skip
    return {"drawn.noise": noise, "drawn.latents": out.images}


def main() -> None:
    def save(name: str, tensors: dict[str, torch.Tensor]) -> None:
        save_file({key: value.contiguous() for key, value in tensors.items()}, HERE / name)
        (HERE / name).chmod(0o644)

    folders = {name: PARITY / name / "base" for name in ("sd15-tiny", "sd21-tiny")}
    loaded = {name: Inverted(folder) for name, folder in folders.items()}
    tokenizer = loaded["sd15-tiny"].tokenizer
    comma = tokenizer.get_vocab()[",</w>"]
    prompts = [prompt for prompt in WEIGHTS + random_prompts(120, 5) if readable(prompt)]
    small = CLIPTokenizer.from_pretrained(ROOT / "models" / "pack" / "tokenizer")
    cut = small.get_vocab()[",</w>"]
    found = {
        "weights": [[prompt, weights_of(prompt)] for prompt in prompts],
        "chunks": [[prompt, runs(chunks_of(prompt, tokenizer, 75, comma))] for prompt in prompts[:98] + long_prompts()],
        "small": [[prompt, runs(chunks_of(prompt, small, 30, cut))] for prompt in long_prompts()[::2]],
    }

    tensors: dict[str, torch.Tensor] = {}
    for n, (name, prompt, skip) in enumerate(STATES):
        of = loaded[name]
        chunks = chunks_of(prompt, of.tokenizer, 75, of.tokenizer.get_vocab()[",</w>"])
        rows = [padded(ids, 77, of.tokenizer) for ids, _ in chunks]
        tensors[f"{n}.ids"] = torch.tensor(rows)
        states = [emphasized(states_of(of.text_encoder, row, skip), weights) for row, (_, weights) in zip(rows, chunks, strict=True)]
        # Every third row is enough to see every weight, and a third of the bytes.
        tensors[f"{n}.states"] = torch.stack(states)[:, ::3]
    found["states"] = [list(row) for row in STATES]

    tensors |= drawn_by_chunks(PARITY / "sd15-tiny", loaded["sd15-tiny"])
    found["drawn"] = [list(DRAWN)]

    chance = torch.Generator().manual_seed(17)
    vectors = lambda *shape: 0.05 * torch.randn(*shape, generator=chance)
    files = {
        "toy.safetensors": ("<toy>", {"<toy>": vectors(32)}),
        "easynegative.safetensors": ("EasyNegative", {"emb_params": vectors(3, 32).half()}),
        "style.safetensors": ("my-style", {"my-style": vectors(1, 32).bfloat16()}),
    }
    of = Inverted(folders["sd15-tiny"])
    for name, (word, data) in files.items():
        save(name, data)
        # diffusers finds a word in any case, and puts its further vectors in where the case is the same alone.
        of.load_textual_inversion(str(HERE / name), token=word.lower())
    for n, prompt in enumerate(INVERSIONS):
        said = of.maybe_convert_prompt(prompt.lower(), of.tokenizer)
        ids = of.tokenizer(said, padding="max_length", max_length=77, truncation=True).input_ids
        tensors[f"inversion.{n}.ids"] = torch.tensor([ids])
        tensors[f"inversion.{n}.states"] = states_of(of.text_encoder, ids)[None, :24]
    found["inversions"] = [[prompt] for prompt in INVERSIONS]
    found["words"] = [[word, name] for name, (word, _) in files.items()]

    lines = [f'"{key}": [\n' + ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows) + "\n]" for key, rows in found.items()]
    (HERE / "expected.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
    save("expected.safetensors", tensors)


main()
