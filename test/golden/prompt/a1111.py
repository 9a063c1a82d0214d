"""The prompt of AUTOMATIC1111's web UI, written from its rules: weights, BREAK, chunks, the comma, embeddings, emphasis.

Rules: github.com/AUTOMATIC1111/stable-diffusion-webui, wiki "Features" (attention/emphasis, infinite prompt length, BREAK),
and where that is silent what its prompt_parser.py and sd_hijack_clip.py are seen to do. Nothing of it is copied here.
"""

import re

import torch

# White space beside the number is Forge's rule (lllyasviel/stable-diffusion-webui-forge); the web UI once took it for text.
NUMBER = re.compile(r"\s*([+-]?[.\d]+)\s*\)")


def weights_of(prompt: str) -> list[tuple[str, float]]:
    """The prompt as texts with their weights; ("BREAK", -1) between chunks."""
    texts: list[str] = []
    weights: list[float] = []
    opened: dict[str, list[int]] = {"(": [], "[": []}
    plain = ""

    def close(bracket: str, factor: float) -> None:
        for n in range(opened[bracket].pop(), len(texts)):
            weights[n] *= factor

    def put(text: str, weight: float = 1.0) -> None:
        texts.append(text)
        weights.append(weight)

    def flush() -> None:
        nonlocal plain
        if plain == "":
            return
        words = re.split(r"\s*\bBREAK\b\s*", plain)
        for n, text in enumerate(words):
            if n > 0:
                put("BREAK", -1)
            put(text)
        plain = ""

    at = 0
    while at < len(prompt):
        sign = prompt[at]
        if sign not in "\\()[]:":
            plain += sign
            at += 1
            continue
        flush()
        number = NUMBER.match(prompt, at + 1) if sign == ":" else None
        step = 1
        if sign == "\\":
            free = prompt[at + 1 : at + 2]
            free = free if free and free in "\\()[]" else ""
            put(free)
            step += len(free)
        elif sign in opened:
            opened[sign].append(len(texts))
        elif number and opened["("]:
            close("(", float(number.group(1)))
            step += len(number.group())
        elif number:
            put(sign + number.group())
            step += len(number.group())
        elif sign == ")" and opened["("]:
            close("(", 1.1)
        elif sign == "]" and opened["["]:
            close("[", 1 / 1.1)
        else:
            put(sign)
        at += step
    flush()
    for bracket, factor in (("(", 1.1), ("[", 1 / 1.1)):
        for start in opened[bracket]:
            for n in range(start, len(texts)):
                weights[n] *= factor

    merged: list[tuple[str, float]] = []
    for text, weight in zip(texts, weights, strict=True):
        if merged and merged[-1][1] == weight:
            merged[-1] = (merged[-1][0] + text, weight)
        else:
            merged.append((text, weight))
    return merged or [("", 1.0)]


def chunks_of(prompt: str, tokenizer, room: int, comma: int | None, near: int = 20) -> list[tuple[list[int], list[float]]]:
    """Ids and weights of each chunk, without start, end and padding."""
    done: list[list[tuple[int, float]]] = []
    chunk: list[tuple[int, float]] = []
    commas: list[int] = []

    def end(kept: int) -> None:
        nonlocal chunk
        done.append(chunk[:kept])
        chunk = chunk[kept:]
        commas.clear()

    for text, weight in weights_of(prompt):
        if text == "BREAK" and weight == -1:
            end(len(chunk))
            continue
        for id in tokenizer(text, add_special_tokens=False).input_ids:
            if id == comma:
                commas.append(len(chunk))
            elif len(chunk) == room and commas and room - commas[-1] <= near:
                end(commas[-1] + 1)
            if len(chunk) == room:
                end(room)
            chunk.append((id, weight))
    if chunk or not done:
        end(len(chunk))
    return [([id for id, _ in tokens], [weight for _, weight in tokens]) for tokens in done]


def padded(ids: list[int], length: int, tokenizer) -> list[int]:
    whole = [tokenizer.bos_token_id, *ids, tokenizer.eos_token_id]
    return whole + [tokenizer.pad_token_id] * (length - len(whole))


def emphasized(states: torch.Tensor, weights: list[float]) -> torch.Tensor:
    """Emphasis "Original" on the states of one chunk, [length, width]."""
    factors = torch.ones(states.shape[0])
    factors[1 : 1 + len(weights)] = torch.tensor(weights)
    weighted = states * factors[:, None]
    return weighted * (states.mean() / weighted.mean())
