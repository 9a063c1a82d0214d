"""An evaluation as Markdown: the gates with their numbers, whatever they are, and the tables behind them."""

MEASURES = ("f1", "iou", "lab")


def ways(table: dict) -> dict[str, dict]:
    """A net's tables by how its control acts; the second was not always measured."""
    return {"both halves": table, **({"prompt's half": table["prompts_half"]} if "prompts_half" in table else {})}


def gates(report: dict) -> list[tuple[str, str, str, str]]:
    """Name, minimum, aim and what was measured."""
    out = []
    for split in ("subject", "pair"):
        of = {n: ways(report["control"][f"{n}, held-out {split}"]) for n in ("lines", "depth", "colour") if f"{n}, held-out {split}" in report["control"]}
        if "lines" in of:
            ceiling = of["lines"]["both halves"]["rows"]["autoencoder ceiling"]
            if "psnr" in ceiling:
                out.append((f"autoencoder at 256 px, {split}", "27 dB", "32 dB", f"{ceiling['psnr']:.2f} dB"))
            gain = "; ".join(f"{way} {t['f1_gain']:.3f} ± {t['f1_gain_95'] or 0:.3f}" for way, t in of["lines"].items())
            drop = "; ".join(f"{way} {t['rows']['control']['f1'] - t['rows']['wrong prompt']['f1']:.3f}" for way, t in of["lines"].items())
            out += [(f"lines: gain of F1 over none, {split}", "0.25", "0.40", gain), (f"lines: drop of F1 with a wrong prompt, {split}", "< 0.07", "< 0.03", drop)]
        for net, name, key in (("depth", "overlap of silhouettes", "iou"), ("colour", "distance on the grid, less is better", "lab")):
            if net in of:
                none = of[net]["both halves"]["rows"]["none"][key]
                said = "; ".join(f"{way} {t['rows']['control'][key]:.2f}, mismatched {t['rows']['mismatched map'][key]:.2f}" for way, t in of[net].items())
                out.append((f"{net}: {name}, {split}", "clearly better than none", "", f"none {none:.2f}; {said}"))
    if "colour_words" in report:
        c = report["colour_words"]
        out.append(("colour words obeyed", "60 %", "85 %", f"{c['top1']:.0%} (among the first two {c['top2']:.0%}, chance {c['chance_top1']:.0%}, n = {c['n']})"))
    if "classifier" in report:
        rows, chance = report["classifier"]["rows"], report["classifier"]["rows"]["chance"]["subject_top5"]
        said = [
            f"{label} {v['subject_top5']:.1%}"
            for label, v in rows.items()
            if "subject_top5" in v and label in ("words alone", "words and lines, both halves", "words and lines, prompt's half", "drawings")
        ]
        out.append(("subject among the judge's first five, words and lines", f"{3 * chance:.1%} (3 x chance)", "60 %", "; ".join(said)))
    return out


def markdown(report: dict) -> str:
    rows = [f"Measured with {report['steps']} steps on drawings that were held out, by subject and by family and subject.", ""]
    rows += ["| gate | minimum | aim | measured |", "|---|---|---|---|", *("| " + " | ".join(g) + " |" for g in gates(report)), ""]
    for name, table in report["control"].items():
        half = table.get("prompts_half", {"rows": {}, "improved": "not measured"})
        number = lambda v, m: "" if v is None else f"{v[m]:.1f}" if m == "lab" else f"{v[m]:.3f}"
        rows += [f"**{name}**, n = {table['n']}, seeds = {table['seeds']}; F1 better than none: {table['improved']}, in the prompt's half alone {half['improved']}", ""]
        rows += ["| | F1 | IoU | Lab | F1, prompt's half | IoU | Lab |", "|---|---|---|---|---|---|---|"]
        rows += [f"| {row} | " + " | ".join(number(v, m) for v in (values, half["rows"].get(row)) for m in MEASURES) + " |" for row, values in table["rows"].items()]
        rows += [""]
    if "classifier" in report:
        c = report["classifier"]
        rows += [f"**What a judge sees** in {c['n']} pictures of held-out pairs; it knows {c['subjects']} subjects and {c['styles']} styles from {c['trained_on']} drawings.", ""]
        rows += ["| | subject | among five | style | among five |", "|---|---|---|---|---|"]
        keys = ("subject_top1", "subject_top5", "style_top1", "style_top5")
        rows += [f"| {label} | " + " | ".join(f"{v[k]:.1%}" if k in v else "" for k in keys) + " |" for label, v in c["rows"].items()] + [""]
    if "grounds" in report:
        g = report["grounds"]
        rows += [f"Grounds: {g['asked_colour']:.0%} have the colour that was asked; without words {g['white_without_words']:.0%} are white (n = {g['n']}).", ""]
    if "memory" in report:
        m = report["memory"]
        rows += [
            f"Memory: pictures drawn from words are {m['outputs_to_nearest_training_drawing']:.1f} from their nearest training drawing (median; the nearest {m['nearest_of_outputs']:.1f}),"
            f" held-out drawings {m['held_out_drawings_to_the_same']:.1f} ({m['nearest_of_held_out_drawings']:.1f}); far less would be copies.",
            "",
        ]
    if "diversity" in report:
        d = report["diversity"]
        rows += [f"Diversity over {d['seeds']} seeds (mean distance of pairs, Lab): " + "; ".join(f"{k} {v:.1f}" for k, v in d["spread"].items()) + ".", ""]
    return "\n".join(rows)
