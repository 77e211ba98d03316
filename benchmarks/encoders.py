"""How large, how dear and how fast are the networks that captioners are built on?

    python benchmarks/encoders.py            (no download: the weights are random, which changes none of these numbers)

Weights are those of the whole classifier. A multiplication is one number of a kernel used at one place. The time is
that of the processor, for one picture of 16 that are encoded together.
"""

import statistics
import time

import keras
import numpy as np

from captionlib.vision import efficientnet_lite, encoders, toynet

NETWORKS = ("VGG16", "ResNet50", "MobileNetV2", "EfficientNetB0", "efficientnet_lite0", "efficientnet_lite2")
PICTURES, ROUNDS = 16, 3


def multiplications(network: keras.Model) -> int:
    """Count the multiplications of one picture: each number of a kernel is used once at each place."""
    kernels = [(layer, layer.kernel) for layer in network.layers if hasattr(layer, "kernel")]
    return sum(
        int(np.prod(layer.output.shape[1:-1], dtype=int)) * int(np.prod(kernel.shape)) for layer, kernel in kernels
    )


def main():
    """Build each network without weights, count, and time it."""
    print("network            million weights  thousand million multiplications  grid         processor ms a picture")
    for name in (*NETWORKS, "ToyNet"):
        if name == "ToyNet":
            whole, maps = toynet.build(), toynet.load()
        elif name in efficientnet_lite.VARIANTS:
            whole = efficientnet_lite.build(name)
            maps = keras.Model(whole.input, whole.get_layer("features").output)
        else:
            maps = encoders.application(name, weights=None).model
            whole = getattr(keras.applications, name)(weights=None)
        images = np.random.default_rng(0).integers(0, 256, (PICTURES, *maps.input_shape[1:])).astype("float32")
        maps.predict_on_batch(images)
        times = []
        for _ in range(ROUNDS):
            start = time.process_time()
            maps.predict_on_batch(images)
            times.append((time.process_time() - start) / PICTURES)
        grid = "{} × {} × {}".format(*maps.output_shape[1:])
        cost, ms = multiplications(whole) / 1e9, 1000 * statistics.median(times)
        print(f"{name:18} {whole.count_params() / 1e6:15.2f}  {cost:32.2f}  {grid:14} {ms:10.1f}")


if __name__ == "__main__":
    main()
