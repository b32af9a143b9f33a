"""The benchmark's volumes: labels as npy, shape [z, y, x], made from fixed seeds."""

import subprocess

import numpy as np
from scipy.ndimage import gaussian_filter

# S/cm, by label; pore (0) insulates.
FIVE_PHASE = {1: 1e-4, 2: 4e-4, 3: 1.8e-3, 4: 10.0, 5: 1.8e-8}
NCA, LPSCL, IMPURITY = 1, 3, 5


def spheres(shape, fraction, radius, seed):
    """Conducting spheres that overlap, added until they fill the fraction."""
    draw = np.random.RandomState(seed)
    solid = np.zeros(shape, bool)
    low, high = -radius, np.array(shape) + radius
    filled, wanted = 0, fraction * solid.size
    while filled < wanted:
        centre = low + draw.random_sample(3) * (high - low)
        first = np.maximum(np.ceil(centre - radius).astype(int), 0)
        last = np.minimum(np.floor(centre + radius).astype(int) + 1, shape)
        if np.any(first >= last):
            continue
        z, y, x = np.ogrid[tuple(slice(a, b) for a, b in zip(first, last))]
        cz, cy, cx = centre
        inside = (z - cz) ** 2 + (y - cy) ** 2 + (x - cx) ** 2 <= radius**2
        box = solid[first[0] : last[0], first[1] : last[1], first[2] : last[2]]
        filled += np.count_nonzero(inside & ~box)
        box |= inside
    return solid.astype(np.uint8)


def blobs(shape, fraction, blur, seed):
    """The conducting part of blurred noise."""
    noise = gaussian_filter(np.random.RandomState(seed).standard_normal(shape), blur, mode="wrap")
    return (noise > np.quantile(noise, 1 - fraction)).astype(np.uint8)


def five_phase(program, folder):
    """A built electrode; where NCA meets LPSCl, the LPSCl's voxels have decomposed."""
    subprocess.run(
        [program, "build", "lyc-10", "--voxel-um", "0.25", "--seed", "1", "--out", folder / "lyc-10"],
        check=True,
        capture_output=True,
    )
    labels = np.load(folder / "lyc-10" / "structure.npy")
    nca = labels == NCA
    touched = np.zeros_like(nca)
    for axis in range(3):
        ahead, behind = [slice(None)] * 3, [slice(None)] * 3
        ahead[axis], behind[axis] = slice(1, None), slice(None, -1)
        touched[tuple(behind)] |= nca[tuple(ahead)]
        touched[tuple(ahead)] |= nca[tuple(behind)]
    labels[touched & (labels == LPSCL)] = IMPURITY
    return labels


def write(program, folder):
    """Writes all volumes; returns [(name, path, conductivity of each label)]."""
    made = []

    def keep(name, labels, conductivity):
        path = folder / f"{len(made)}.npy"
        np.save(path, np.ascontiguousarray(labels))
        made.append((name, path, conductivity))

    electrode = five_phase(program, folder)
    for shape in [(100, 100, 100), (200, 100, 100)]:
        size = " × ".join(str(n) for n in reversed(shape))
        keep(f"spheres 35 %, {size}", spheres(shape, 0.35, 8, 1), {1: 1.0})
        keep(f"spheres 50 %, {size}", spheres(shape, 0.5, 8, 2), {1: 1.0})
        keep(f"blobs 60 %, {size}", blobs(shape, 0.6, 3, 3), {1: 1.0})
        keep(f"five phases, {size}", electrode[: shape[0]], FIVE_PHASE)
    return made


def write_growing(folder):
    """One kind of structure in cubes of growing size; returns as write does."""
    made = []
    for n in [50, 100, 150, 200]:
        path = folder / f"cube-{n}.npy"
        np.save(path, blobs((n, n, n), 0.5, 3, 4))
        made.append((f"blobs 50 %, {n}³", path, {1: 1.0}))
    return made
