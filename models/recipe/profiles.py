"""How large a training is. `seconds` are training time a stage; None means that only `samples` ends it (repeatable)."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Stage:
    batch: int
    samples: int
    lr: float
    seconds: float | None = None
    warm: int = 100
    mean: float = 0.999


@dataclass(frozen=True)
class Profile:
    vae: Stage
    unet: Stage
    net: Stage  # each of the three
    joint: Stage  # two nets at once
    variants: int  # cached variants of each drawing
    crop: int = 256  # side the VAE trains on; its last fifth is always whole drawings
    whole: float = 1.0  # from this fraction of the VAE training on, whole drawings
    sources: list[str] | None = None  # None: all
    vae_sources: list[str] | None = None  # for the autoencoder alone; None: as `sources`
    every: int = 1  # one subject in so many
    bf16: bool = False
    compile: bool = False
    save: float = 300  # seconds between checkpoints
    cached: int = 64  # batch of encoding and sampling
    sheet: int = 8  # drawings a row on sheets
    round: int = 0  # another number, other variants and captions
    lines: float = 1  # the net `lines` trains so many times as long as the others
    looks: tuple[float, ...] = (0.1, 0.3, 0.6, 1.0)  # parts of the base's training after which its sheet is drawn; the last is 1
    ends: tuple[float, float, float] = (0.33, 0.72, 0.985)  # of a lease's seconds, when autoencoder, base and nets end
    graph: bool = False  # steps recorded as CUDA graphs


EMOJI = ["fluent-3d", "fluent-emoji", "fluent-emoji-flat", "noto", "noto-v1", "twemoji", "fxemoji", "emojione", "streamline-emojis"]
FEW = ["fluent-3d", "fluent-emoji-flat", "noto", "twemoji"]
FOREVER = 10**12

PROFILES = {
    # One lease of a GPU, quarter of an hour in all, its stages ended by the clock: see lease.py and README.md. All emoji sets.
    "lease": Profile(
        vae=Stage(batch=32, samples=FOREVER, lr=8e-4, seconds=FOREVER, warm=100, mean=0.998),
        unet=Stage(batch=256, samples=FOREVER, lr=8e-4, seconds=FOREVER, warm=200, mean=0.9995),
        net=Stage(batch=192, samples=FOREVER, lr=6e-4, seconds=45, warm=50, mean=0.998),
        joint=Stage(batch=128, samples=FOREVER, lr=1.5e-4, seconds=25, warm=30, mean=0.995),
        variants=12,
        crop=256,
        whole=0.0,
        sources=EMOJI,
        bf16=True,
        compile=True,
        save=30,
        cached=512,
        sheet=16,
    ),
    # A second lease, on from a whole pack: its autoencoder is kept, so that all its seconds are the base's and the nets'.
    "further": Profile(
        vae=Stage(batch=32, samples=0, lr=8e-4),  # never runs
        unet=Stage(batch=256, samples=FOREVER, lr=5e-4, seconds=FOREVER, warm=200, mean=0.999),
        net=Stage(batch=192, samples=FOREVER, lr=3e-4, seconds=45, warm=50, mean=0.99),
        joint=Stage(batch=128, samples=FOREVER, lr=1e-4, seconds=22, warm=20, mean=0.98),
        lines=2,
        variants=12,
        sources=EMOJI,
        bf16=True,
        compile=True,
        graph=True,
        save=60,
        cached=512,
        sheet=16,
        round=1,
        looks=(1.0,),
        ends=(0.0, 0.675, 0.985),
    ),
    # From nothing on two cores, in about two and a half idle hours: every emoji set for the autoencoder, four for the rest.
    "cpu": Profile(
        vae=Stage(batch=8, samples=17_000, lr=8e-4, warm=60, mean=0.995),
        unet=Stage(batch=16, samples=72_000, lr=4e-4, warm=200, mean=0.999),
        net=Stage(batch=12, samples=6_000, lr=4e-4, warm=50, mean=0.99),
        joint=Stage(batch=8, samples=1_600, lr=1e-4, warm=20, mean=0.98),
        variants=2,
        crop=96,
        whole=0.9,
        sources=FEW,
        vae_sources=EMOJI,
        save=240,
        cached=8,
    ),
    # On from a pack (--start): its autoencoder is kept, its base and its nets are trained further. Each round ends in a pack.
    "round": Profile(
        vae=Stage(batch=8, samples=0, lr=8e-4),  # never runs: comes with the pack
        unet=Stage(batch=16, samples=60_000, lr=4e-4, warm=100, mean=0.999),
        net=Stage(batch=12, samples=8_000, lr=5e-4, warm=50, mean=0.99),
        joint=Stage(batch=8, samples=1_600, lr=1e-4, warm=20, mean=0.98),
        variants=2,
        sources=FEW,
        save=240,
        cached=8,
    ),
    # The first hours: the base a little further, then most of the time for `lines`, whose net must steer first.
    "opening": Profile(
        vae=Stage(batch=8, samples=0, lr=8e-4),
        unet=Stage(batch=16, samples=24_000, lr=5e-4, warm=100, mean=0.998),
        net=Stage(batch=12, samples=2_500, lr=6e-4, warm=50, mean=0.99),
        joint=Stage(batch=8, samples=400, lr=1e-4, warm=20, mean=0.98),
        lines=9,
        variants=2,
        sources=FEW,
        save=240,
        cached=8,
    ),
    # And once more from what `opening` made: the base further, the nets brought along.
    "second": Profile(
        vae=Stage(batch=8, samples=0, lr=8e-4),
        unet=Stage(batch=16, samples=32_000, lr=4e-4, warm=100, mean=0.998),
        net=Stage(batch=12, samples=1_000, lr=6e-4, warm=50, mean=0.99),
        joint=Stage(batch=8, samples=400, lr=1e-4, warm=20, mean=0.98),
        lines=6,
        variants=2,
        sources=FEW,
        save=240,
        cached=8,
    ),
    # The base is the weakest part: most of the round is its own.
    "base": Profile(
        vae=Stage(batch=8, samples=0, lr=8e-4),
        unet=Stage(batch=16, samples=60_000, lr=4e-4, warm=100, mean=0.999),
        net=Stage(batch=12, samples=1_000, lr=5e-4, warm=50, mean=0.99),
        joint=Stage(batch=8, samples=400, lr=1e-4, warm=20, mean=0.98),
        lines=6,
        variants=2,
        sources=FEW,
        save=240,
        cached=8,
    ),
    # After a lease: the nets alone further on the base that is there (copy RUN's base into the new run), `lines` most.
    "nets": Profile(
        vae=Stage(batch=8, samples=0, lr=8e-4),
        unet=Stage(batch=16, samples=0, lr=4e-4),
        net=Stage(batch=12, samples=1_000, lr=4e-4, warm=50, mean=0.99),
        joint=Stage(batch=8, samples=400, lr=1e-4, warm=20, mean=0.98),
        lines=13,
        variants=2,
        every=2,
        sources=EMOJI,
        save=120,
        cached=8,
    ),
    "rehearsal": Profile(
        vae=Stage(batch=8, samples=80, lr=1e-3, warm=5, mean=0.9),
        unet=Stage(batch=8, samples=96, lr=5e-4, warm=5, mean=0.9),
        net=Stage(batch=4, samples=16, lr=4e-4, warm=2, mean=0.9),
        joint=Stage(batch=4, samples=8, lr=1e-4, warm=2, mean=0.9),
        variants=2,
        crop=64,
        whole=0.9,
        every=40,
        save=4,
        cached=4,
        sheet=4,
    ),
}
REHEARSAL = PROFILES["rehearsal"]
# The same with stages that end by the clock: rehearses lease.py without a GPU.
PROFILES["rehearsal-lease"] = replace(
    REHEARSAL,
    vae=replace(REHEARSAL.vae, samples=FOREVER, seconds=FOREVER),
    unet=replace(REHEARSAL.unet, samples=FOREVER, seconds=FOREVER),
    net=replace(REHEARSAL.net, samples=FOREVER, seconds=5),
    joint=replace(REHEARSAL.joint, samples=FOREVER, seconds=5),
)
PROFILES["rehearsal-further"] = replace(PROFILES["rehearsal-lease"], vae=replace(REHEARSAL.vae, samples=0), lines=2, looks=(1.0,), ends=(0.0, 0.6, 0.9), round=1)
