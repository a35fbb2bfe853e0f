"""The layers of a checkpoint whose network nobody named: 2-D and 4-D tensors, as far as names and shapes tell.

Owns what counts as a layer, and the lines on what doesn't. Invents no geometry: stride, padding and dilation are in no
state dict.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch

from ubp_core.errors import ModelError
from ubp_core.models.checkpoints import roles
from ubp_core.models.checkpoints.identity import Owner, find_owners
from ubp_core.models.checkpoints.naming import name_layers
from ubp_core.models.checkpoints.parametrised import Composition, Weight, compose
from ubp_core.models.checkpoints.plain_data import find_excess, find_obstacle, to_float32, usable
from ubp_core.models.checkpoints.reading import Checkpoint
from ubp_core.models.layers import Layer, WeightSource, stem_reason
from ubp_core.printable import printable

SHOWN = 3
"""So many names of one kind are told, the rest counted."""


@dataclass(frozen=True, eq=False)
class BareLayers:
    """What a bare checkpoint has."""

    layers: tuple[Layer, ...]
    sources: Mapping[str, WeightSource]
    """Where each layer's weight is in the file, by the layer's name."""
    notes: tuple[str, ...]


def find_layers(checkpoint: Checkpoint) -> BareLayers:
    """All 2-D and 4-D weights of a checkpoint as layers, and a line on each kind of tensor that is none.

    Raises:
        ModelError: a weight or bias with NaN or infinity, or no layers at all.
    """
    composition = compose(checkpoint.state)
    shaped, left_out = _sort_out(checkpoint, composition)
    if not shaped:
        why = f" ({_list_left_out(left_out)[0]})" if left_out else ""
        if checkpoint.quantised:
            raise ModelError(f"{checkpoint.path}: {checkpoint.quantised}")
        raise ModelError(
            f"{checkpoint.path}: no 2-D or 4-D floating-point weights among {len(checkpoint.state)} tensors{why}"
        )
    names = name_layers(shaped)
    layers = _make_layers(shaped, composition, names, _find_owners(shaped, checkpoint.state))
    sources = {names[key]: _find_source(key, weight, checkpoint.prefix) for key, weight in shaped.items()}
    quantised = () if checkpoint.quantised is None else (checkpoint.quantised,)
    notes = (*checkpoint.notes, *quantised, *_list_left_out(left_out), *_describe_guesses(shaped, names, layers))
    return BareLayers(layers, sources, notes)


def _sort_out(checkpoint: Checkpoint, composition: Composition) -> tuple[dict[str, Weight], dict[str, str]]:
    """The weights that are layers by their shape, and the reason for each other that looks like one."""
    left_out = dict(composition.left_out)
    shaped: dict[str, Weight] = {}
    for key, weight in composition.weights.items():
        value, named = weight.value, "weight" in key.rpartition(".")[2]
        reason = find_obstacle(value)
        if reason is not None:
            if value.ndim > 1 and (named or value.is_floating_point() or value.layout != torch.strided):
                left_out[key] = reason
        elif value.ndim in (2, 4) and value.numel() > 0:
            excess = find_excess(value)
            if not excess:
                shaped[key] = weight
                _check_bias(checkpoint, _bias_key(key), composition)
            elif named:
                raise ModelError(f"{checkpoint.path}: tensor {printable(key)} {excess}")
            else:
                left_out[key] = f"tensor {printable(key)} {excess}"
        elif named and value.ndim > 2:
            left_out[key] = f"{value.ndim} dimensions"
    return shaped, left_out


def _check_bias(checkpoint: Checkpoint, key: str, composition: Composition) -> None:
    """Refuses a bias that can't be computed with: without it the layer would be another one."""
    found = composition.weights.get(key)
    if found is not None and usable(found.value) and (excess := find_excess(found.value)):
        raise ModelError(f"{checkpoint.path}: tensor {printable(key)} {excess}")


def _list_left_out(left_out: Mapping[str, str]) -> list[str]:
    """A line for each reason."""
    by_reason: defaultdict[str, list[str]] = defaultdict(list)
    for key, reason in left_out.items():
        by_reason[reason].append(key)
    return [f"left out: {_join(keys)} ({reason})" for reason, keys in by_reason.items()]


def _join(names: Iterable[str]) -> str:
    """The first names, and how many more there are."""
    all_names = [printable(name) for name in names]
    more = f" and {len(all_names) - SHOWN} more" if len(all_names) > SHOWN else ""
    return ", ".join(all_names[:SHOWN]) + more


def _find_owners(shaped: Mapping[str, Weight], state: Mapping[str, torch.Tensor]) -> dict[str, Owner]:
    """Whose memory each weight has; a masked one is that of its values without the mask, and no twin of these."""
    places = {key: state[weight.keys[0]] if weight.masked else weight.value for key, weight in shaped.items()}
    owners = find_owners(places)
    masked = {key for key, weight in shaped.items() if weight.masked}
    return {key: Owner(own.name, own.same and not masked & {key, own.name}) for key, own in owners.items()}


def _make_layers(
    shaped: Mapping[str, Weight], composition: Composition, names: Mapping[str, str], owners: Mapping[str, Owner]
) -> tuple[Layer, ...]:
    """A record for each weight; one tensor under two names stays one array."""
    values = {key: weight.value for key, weight in shaped.items()}
    stem, heads, averages = roles.find_stem(values), roles.find_heads(values), roles.find_averages(values.keys())
    arrays = {key: to_float32(value).numpy() for key, value in values.items() if not _is_twin(owners, key)}
    layers = []
    for key, value in values.items():
        bias = _find_bias(key, composition)
        misfit = _find_misfit(key, value, composition)
        reason = stem_reason(value.shape[1]) if key == stem else "depthwise" if _depthwise(value, key == stem) else None
        reason = reason or ("classifier" if key in heads else None)
        reason = reason or ("moving average, by its name" if key in averages else None)
        reason = reason or roles.find_role(key, value, bias) or misfit
        reason = reason or _describe_owner(owners.get(key), names)
        depthwise = _depthwise(value, key == stem)
        layers.append(
            Layer(
                name=names[key],
                kind=roles.find_kind(value, key == stem, reason),
                weight=arrays[owners[key].name if _is_twin(owners, key) else key],
                bias=None if bias is None or misfit else to_float32(bias).numpy(),
                groups=value.shape[0] if depthwise else 1,
                skip_reason=reason,
                geometry_known=value.ndim == 2 and misfit is None,
                bias_known=misfit is None,
            )
        )
    return tuple(layers)


def _is_twin(owners: Mapping[str, Owner], key: str) -> bool:
    return key in owners and owners[key].same


def _depthwise(value: torch.Tensor, stem: bool) -> bool:
    return roles.find_kind(value, stem) == "depthwise"


def _describe_owner(owner: Owner | None, names: Mapping[str, str]) -> str | None:
    """Why a layer stays dense whose memory another one has."""
    if owner is None:
        return None
    if owner.same:
        return f"shares the weight of {names[owner.name]}"
    return f"another view of the weight of {names[owner.name]}"


def _find_bias(key: str, composition: Composition) -> torch.Tensor | None:
    """The tensor beside a weight that is called its bias."""
    found = composition.weights.get(_bias_key(key))
    return None if found is None else found.value


def _bias_key(key: str) -> str:
    """What the bias beside a weight is called; "" where the name is none of a weight."""
    return f"{key.removesuffix('weight')}bias" if key.endswith("weight") else ""


def _find_misfit(key: str, value: torch.Tensor, composition: Composition) -> str | None:
    """Why a weight's bias can't be read as that of a plain layer; None where it can, or there is none."""
    if _bias_key(key) in composition.left_out:
        return f"{roles.UNFIT}: its bias can't be computed from the file"
    return roles.find_misfit(value, _find_bias(key, composition))


def _find_source(key: str, weight: Weight, prefix: str) -> WeightSource:
    """Where in the file a weight is, by the file's own keys."""
    keys = tuple(prefix + part for part in weight.keys)
    return WeightSource(keys, prefix + key, None if weight.whole else weight.value, weight.masked)


def _describe_guesses(shaped: Mapping[str, Weight], names: Mapping[str, str], layers: Iterable[Layer]) -> Iterable[str]:
    """Lines on what was taken for a layer without being called one, and on weights in parts."""
    prunable = {layer.name for layer in layers if layer.prunable}
    unnamed = [names[key] for key in shaped if "weight" not in key.rpartition(".")[2] and names[key] in prunable]
    if unnamed and len(unnamed) < len(shaped):
        yield f"taken for layers by their shape alone: {_join(unnamed)}"
    parts = [names[key] for key, weight in shaped.items() if not weight.whole]
    if parts:
        yield f"composed as the network applies it, from parts in the file: the weight of {_join(parts)}"
