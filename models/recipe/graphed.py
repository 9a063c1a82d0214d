"""A training step as one CUDA graph: forward and backward are recorded once and then replayed, so that no kernel waits for Python.

These networks are so small that the processor takes longer to ask for their kernels than the card takes to run them.
"""

from collections.abc import Callable, Iterable

import torch

WARM = 3  # plain steps before the recording: compiling, choosing kernels, taking memory
NEAR = 0.02  # by how much the replayed loss and length of the gradient may differ from the plain ones: bf16 and other sums


class Graphed:
    """Calls like `function(*inputs)`, a loss; the gradients of `parameters` are set when it returns, so it needs no `backward`.

    Works where `example` has the shapes of every later call; another shape (a batch that was halved) goes through `function`
    as it is. Weights may be changed in place only. Raises RuntimeError where the replay is not what the plain step is.
    """

    def __init__(self, function: Callable[..., torch.Tensor], example: Iterable[torch.Tensor], parameters: Iterable[torch.nn.Parameter]):
        self.function, self.parameters = function, [p for p in parameters if p.requires_grad]
        self.inputs = [x.detach().clone() for x in example]
        aside = torch.cuda.Stream()
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(WARM):
                self.clear()
                loss = function(*self.inputs)
                loss.backward()
            plain = self.told(loss)
            del loss
        torch.cuda.current_stream().wait_stream(aside)
        torch.cuda.synchronize()
        self.clear()
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            loss = function(*self.inputs)
            loss.backward()
        self.loss = loss.detach()
        del loss
        self.gradients = [p.grad for p in self.parameters]
        self.clear()
        for _ in range(2):  # twice, as gradients that were added up would show only then
            replayed = self.told(self(*self.inputs))
        self.clear()
        if not all(abs(a - b) <= NEAR * abs(a) + 1e-6 for a, b in zip(plain, replayed, strict=True)):
            raise RuntimeError(f"the recorded step gives loss and gradient {replayed}, the plain one {plain}: train without the recording")
        print(f"recorded: loss and gradient {replayed}, the plain step's {plain}", flush=True)

    def clear(self) -> None:
        for p in self.parameters:
            p.grad = None

    def told(self, loss: torch.Tensor) -> tuple[float, float]:
        lengths = torch.stack([p.grad.float().norm() for p in self.parameters if p.grad is not None])
        return float(loss.detach()), float(lengths.norm())

    def __call__(self, *inputs: torch.Tensor) -> torch.Tensor:
        if any(a.shape != b.shape for a, b in zip(self.inputs, inputs, strict=True)):
            return self.function(*inputs)
        for here, given in zip(self.inputs, inputs, strict=True):
            if here is not given:
                here.copy_(given)
        self.graph.replay()
        for p, gradient in zip(self.parameters, self.gradients, strict=True):
            p.grad = gradient
        return self.loss
