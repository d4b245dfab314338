"""What the keys of a spec.json may hold, but for the layers: a table of fields for each of its objects."""

from __future__ import annotations

from dataclasses import replace

from host.spec.catalogue import OPTIMIZERS, SCHEDULES
from host.spec.fields import ABSENT, Field, choice, flag, integer, number, sides

FORMAT_VERSION = 1  # 1: layers, data, latent, training, quantization
NATIVE_SHAPES = {  # of the data sets whose images have one size
    "cifar10": (32, 32, 3),
    "cifar100": (32, 32, 3),
    "mnist": (28, 28, 1),
    "fashion_mnist": (28, 28, 1),
}
DATASETS = (*NATIVE_SHAPES, "photos", "folder")
TFDS = "tfds:"  # before the name of a data set of tensorflow-datasets
LEAST_SIDES = {"ssim_l1": 11, "ms_ssim": 176}  # of images, for these losses
WEIGHTS = ("float", "qat")
CONVERSIONS = ("float32", "float16", "dynamic_range", "int8", "int16x8")
DATA = {
    "path": Field((str,), text="of the data set folder: absolute, or below the folder of data sets"),
    "size": replace(sides(8, ABSENT), text="a side or [height, width] that images are brought to"),
    "color": choice(("grayscale", "rgb"), ABSENT),
    "fit": choice(("resize", "crop"), "resize", text="crop: a part of the image, in training at a random place"),
    "validation": integer(1, 1_000_000, 5000, text="training images that are set aside"),
    "flip": flag(False, text="mirror training images left to right at random"),
    "rotation": number(0.0, 180.0, 0.0, text="turn training images by up to so many degrees"),
    "zoom": number(0.0, 4.0, 0.0, text="enlarge or shrink training images by up to this share: 0.1 is 10 %"),
    "stream": flag(ABSENT, text="of a folder: read images as training goes along; not given: where they are too many"),
}
FOLDER_DATA = ("path", "stream")  # only of the data set folder
LATENT = {
    "dims": integer(1, 1_000_000, ABSENT, text='the size that layers name by "latent_dims"'),
    "scale": number(1e-6, 1e6, 1.0, text="one code in units of the latent, while the stage float trains"),
    "bits": number(0.01, 8.0, ABSENT, text="entropy of a code that the scale is then chosen for"),
}
TRAINING = {
    "batch_size": integer(1, 65536, 64),
    "seed": integer(0, 2**31 - 1, 1),
    "mixed_precision": flag(False, text="the stage float computes in bfloat16; its weights stay float32"),
}
NAMED = {"optimizer": (OPTIMIZERS, "adam"), "learning_rate_schedule": (SCHEDULES, "cosine")}  # those there are, default


def _stage_fields(epochs: int, learning_rate: float) -> dict[str, Field]:
    return {
        "epochs": integer(1, 100_000, epochs),
        "learning_rate": number(1e-9, 1.0, learning_rate),
        "patience": integer(1, 100_000, 10, text="epochs without a better validation before it stops"),
    }


WEIGHT = number(1e-9, 1e9, 1.0, text="what the part is multiplied with")
STAGES = {"float": _stage_fields(40, 1e-3), "qat": _stage_fields(12, 2e-4), "tune": _stage_fields(6, 2e-4)}
ADVERSARIAL = {
    "weight": number(1e-9, 1e3, text="what the discriminator's verdict is multiplied with in the loss"),
    "learning_rate": number(1e-9, 1.0, 1e-4, text="of the discriminator"),
}
QUANTIZATION = {"calibration_images": integer(1, 10_000, 300)}
RECIPE = {
    "weights": choice(WEIGHTS),
    "conversion": choice(CONVERSIONS),
    "calibration_images": integer(1, 10_000, ABSENT),
}
