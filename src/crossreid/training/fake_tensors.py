"""A training step on tensors without data: what it keeps, the memory that it takes and its matrix products."""

import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.autograd.graph import saved_tensors_hooks
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map
from torch.utils.flop_counter import flop_registry

_ATEN = torch.ops.aten
_INDEXING = (_ATEN.index.Tensor, _ATEN.index_put.default, _ATEN.index_put_.default)
_HALF = {"bf16": torch.bfloat16, "fp16": torch.float16}


class StepCounter(TorchDispatchMode):
    """Counts everything that is computed while it is entered.

    Tensors of floating-point numbers are fake: they have a shape, and no data. Integers and truth values are real, so
    that what depends on them (masks, places of items in a batch) has the shape that it has in a training.

    Attributes:
        flops: of the matrix products, two a multiply-accumulate.
        live_bytes: of the tensors that were made and are still referred to.
        peak_bytes: the most that these have been.
    """

    def __init__(self) -> None:
        super().__init__()
        self.flops, self.live_bytes, self.peak_bytes = 0, 0, 0
        self._fake = FakeTensorMode(allow_non_fake_inputs=True)
        self._known: dict[int, object] = {}

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run one operation, on fake tensors where it has any."""
        keywords: dict[str, Any] = kwargs or {}
        tensors = [leaf for leaf in tree_leaves((args, keywords)) if isinstance(leaf, Tensor)]
        fake = [tensor for tensor in tensors if isinstance(tensor, FakeTensor)]
        if fake:
            if func in _INDEXING:
                args = (args[0], [place for index in args[1] for place in _places(index)], *args[2:])
            if len(fake) < len(tensors):
                args, keywords = tree_map(self._without_data, (args, keywords))
            made = func(*args, **keywords)
            count = flop_registry.get(func._overloadpacket)
            self.flops += count(*args, **keywords, out_val=made) if count else 0
        elif tensors or (made := self._made_anew(func, args, keywords)) is None:
            made = func(*args, **keywords)
        self._track(made)
        return made

    def remove_data(self, module: nn.Module) -> None:
        """Put fake tensors in the place of a module's parameters and of its buffers of floating-point numbers.

        They are not counted. Parameters that are shared stay shared.

        Args:
            module: mostly on the meta device; other buffers on that become zeros.
        """
        made: dict[int, nn.Parameter] = {}
        for part in module.modules():
            for name, parameter in part.named_parameters(recurse=False):
                if id(parameter) not in made:
                    empty = self._like(parameter)
                    made[id(parameter)] = nn.Parameter(empty, requires_grad=parameter.requires_grad)
                part._parameters[name] = made[id(parameter)]
            for name, buffer in part.named_buffers(recurse=False):
                if buffer.is_floating_point():
                    part._buffers[name] = self._like(buffer)
                elif buffer.is_meta:
                    part._buffers[name] = torch.zeros(buffer.shape, dtype=buffer.dtype)

    def _like(self, tensor: Tensor) -> Tensor:
        with self._fake:
            return torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype, device="cpu")

    def _made_anew(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """What an operation without inputs makes, if it is floating-point numbers."""
        with self._fake:
            made = func(*args, **kwargs)
        return made if isinstance(made, Tensor) and made.is_floating_point() else None

    def _without_data(self, value: Any) -> Any:
        real = isinstance(value, Tensor) and not isinstance(value, FakeTensor)
        return self._fake.from_tensor(value.detach()) if real else value

    def _track(self, made: Any) -> None:
        for tensor in tree_leaves(made):
            if not isinstance(tensor, Tensor):
                continue
            storage = tensor.untyped_storage()
            key, size = storage._cdata, storage.nbytes()
            if key in self._known:
                continue
            self._known[key] = weakref.ref(storage, lambda _, key=key, size=size: self._forget(key, size))
            self.live_bytes += size
            self.peak_bytes = max(self.peak_bytes, self.live_bytes)

    def _forget(self, key: int, size: int) -> None:
        self.live_bytes -= size
        del self._known[key]


class SavedTensors:
    """The storages that autograd keeps for the backward pass.

    Args:
        parameters: are kept anyway, and not counted.
    """

    def __init__(self, parameters: Iterator[nn.Parameter]) -> None:
        self._own = {parameter.untyped_storage()._cdata for parameter in parameters}
        self._kept: dict[int, torch.UntypedStorage] = {}

    def hooks(self) -> saved_tensors_hooks:
        """Within, what is kept is counted."""
        return saved_tensors_hooks(self._keep, lambda tensor: tensor)

    def _keep(self, tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in self._own:
            self._kept[storage._cdata] = storage
        return tensor

    def count_bytes(self) -> int:
        """Each storage once."""
        return sum(storage.nbytes() for storage in self._kept.values())

    def forget(self) -> None:
        """Let go of them, so that the backward pass can free them."""
        self._kept.clear()


@contextmanager
def computing_as(device: str, precision: str) -> Iterator[None]:
    """Within, a CPU's tensors are computed with as a training does it on a kind of device, as far as memory goes.

    On a CPU attention is matrix products. On a GPU it is fused, and autocast runs layer norm in float32. Blocks that
    are computed again in the backward pass must find the same functions, which a mode of torch would not give them.

    Args:
        device: "cpu" or "cuda", which need not be there.
        precision: "fp32", "bf16" or "fp16".

    Source: PyTorch's lists of autocast operations.
    """
    if device == "cpu":
        with sdpa_kernel(SDPBackend.MATH):
            yield
        return
    attention, norm = functional.scaled_dot_product_attention, functional.layer_norm
    functional.scaled_dot_product_attention = partial(_attend_fused, _HALF.get(precision))
    functional.layer_norm = partial(_norm_in_float, norm)
    try:
        yield
    finally:
        functional.scaled_dot_product_attention, functional.layer_norm = attention, norm


def autocast(precision: str) -> torch.autocast:
    """The autocast of a training in this precision; fake tensors count as those of a CPU."""
    return torch.autocast("cpu", _HALF.get(precision, torch.bfloat16), enabled=precision in _HALF)


def gradients_are_dropped(module: nn.Module) -> None:
    """Free each gradient as soon as it is there: they are counted apart."""
    for parameter in module.parameters():
        if parameter.requires_grad:
            parameter.register_post_accumulate_grad_hook(_drop_gradient)


def _drop_gradient(parameter: Tensor) -> None:
    parameter.grad = None


def _norm_in_float(norm: Callable[..., Tensor], *args: Any, **options: Any) -> Tensor:
    if not torch.is_autocast_enabled("cpu"):
        return norm(*args, **options)
    with torch.autocast("cpu", enabled=False):
        return norm(*map(_widened, args), **{name: _widened(value) for name, value in options.items()})


def _attend_fused(
    half: torch.dtype | None,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """FlashAttention where it can be had, else, with a mask or in float32, the memory-efficient attention.

    Args:
        half: the type of autocast; None without it.
        query: and what follows, as of `scaled_dot_product_attention`.
        key: likewise.
        value: likewise.
        attn_mask: likewise.
        dropout_p: likewise.
        is_causal: likewise.
        scale: likewise.
        enable_gqa: likewise.

    Source: FlashAttention-2 (arXiv 2307.08691); memory-efficient attention (arXiv 2112.05682).
    """
    if torch.is_autocast_enabled("cpu") and half is not None:
        query, key, value = (part.to(half) for part in (query, key, value))
    if attn_mask is None and query.dtype in _HALF.values():
        return _ATEN._scaled_dot_product_flash_attention(
            query, key, value, dropout_p, is_causal, False, scale=scale
        )[0]
    if enable_gqa:
        repeats = query.shape[1] // key.shape[1]
        key, value = (part.repeat_interleave(repeats, dim=1) for part in (key, value))
    if attn_mask is not None:
        shape = (*query.shape[:3], key.shape[2])
        attn_mask = query.new_zeros(attn_mask.shape).expand(shape)
    return _ATEN._scaled_dot_product_efficient_attention(
        query, key, value, attn_mask, True, dropout_p, is_causal, scale=scale
    )[0]


def _widened(value: Any) -> Any:
    half = isinstance(value, Tensor) and value.dtype in _HALF.values()
    return value.float() if half else value


def _places(index: Any) -> tuple[Any, ...]:
    """A mask with data says which places it chooses."""
    if isinstance(index, Tensor) and index.dtype == torch.bool and not isinstance(index, FakeTensor):
        return index.nonzero(as_tuple=True)
    return (index,)
