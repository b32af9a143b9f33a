"""One other program on one volume: python peers.py PEER VOLUME CONDUCTIVITY_JSON RUNS THREADS -> one line of JSON.

Times exclude imports and reading the file, as catholyte's do; they include all that turns labels into an answer. A peer whose
run takes longer than LONG seconds runs once.
"""

import contextlib
import json
import os
import sys
import time

import numpy as np

LONG = 8.0


def network(labels, conductivity):
    """The matrix of finite volumes: potential 1 on the last outer faces along z, 0 on the first, harmonic means between."""
    import scipy.sparse as sparse
    from scipy.sparse.csgraph import connected_components

    table = np.zeros(256)
    for label, value in conductivity.items():
        table[label] = value
    sigma = table[labels]
    number = np.full(labels.shape, -1)
    active = sigma > 0
    number[active] = np.arange(np.count_nonzero(active))
    rows, columns, values = [], [], []
    for axis in range(3):
        low = tuple(slice(None, -1) if a == axis else slice(None) for a in range(3))
        high = tuple(slice(1, None) if a == axis else slice(None) for a in range(3))
        both = active[low] & active[high]
        p, q = sigma[low][both], sigma[high][both]
        rows.append(number[low][both])
        columns.append(number[high][both])
        values.append(2 * p * q / (p + q))
    i, j, g = np.concatenate(rows), np.concatenate(columns), np.concatenate(values)
    n = np.count_nonzero(active)
    ends = np.zeros((2, n))
    ends[0, number[0][active[0]]] = 2 * sigma[0][active[0]]
    ends[1, number[-1][active[-1]]] = 2 * sigma[-1][active[-1]]
    # What does not join both ends carries nothing.
    _, piece = connected_components(sparse.coo_array((g, (i, j)), (n, n)), directed=False)
    touches = [np.bincount(piece, weights=end) > 0 for end in ends]
    kept = (touches[0] & touches[1])[piece]
    new = np.cumsum(kept) - 1
    inside = kept[i]
    i, j, g, ends, n = new[i[inside]], new[j[inside]], g[inside], ends[:, kept], np.count_nonzero(kept)
    diagonal = np.bincount(i, g, n) + np.bincount(j, g, n) + ends[0] + ends[1]
    every = np.arange(n)
    matrix = sparse.coo_matrix(
        (np.concatenate([-g, -g, diagonal]), (np.concatenate([i, j, every]), np.concatenate([j, i, every]))), (n, n)
    ).tocsr()
    return matrix, ends


def pyamg(labels, conductivity, tolerance):
    """Classical multigrid (Ruge and Stüben) under conjugate gradients, to a relative residual."""
    import pyamg as amg

    matrix, ends = network(labels, conductivity)
    residuals = []
    hierarchy = amg.ruge_stuben_solver(matrix)
    x = hierarchy.solve(ends[1], tol=tolerance, accel="cg", maxiter=1000, residuals=residuals)
    current = 0.5 * (ends[0] @ x + ends[1] @ (1 - x))
    true = np.linalg.norm(ends[1] - matrix @ x) / np.linalg.norm(ends[1])
    nz, ny, nx = labels.shape
    return {
        "sigma": current * nz / (ny * nx),
        "converged": bool(true <= 1.01 * tolerance),
        "iterations": len(residuals) - 1,
        "relative_residual": true,
    }


def porespy(labels, conductivity, tolerance):
    """PoreSpy's tortuosity_fd: the ends in voxel centres, one phase. Tolerance None is its default."""
    import porespy as ps

    (value,) = conductivity.values()
    result = ps.simulations.tortuosity_fd(labels > 0, axis=0, tol=tolerance)
    return {"sigma": value / result.formation_factor, "converged": result.converged}


def taufactor(labels, conductivity, tolerance):
    """TauFactor 2 on the CPU; tolerance is its own measure, the spread of the flux between planes."""
    import taufactor as tau
    import torch

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    if len(conductivity) == 1:
        solver = tau.Solver(labels, device="cpu")
        solver.solve(iter_limit=5000, verbose=False, conv_crit=tolerance)
    else:
        solver = tau.MultiPhaseSolver(labels, cond=dict(conductivity), device="cpu")
        solver.solve(iter_limit=5000, verbose=False, conv_crit=tolerance)
    sigma = np.ravel(np.asarray(solver.D_eff))[0] if solver.D_eff is not None else np.nan
    return {"sigma": float(sigma), "converged": bool(solver.converged), "iterations": int(solver.iter)}


PEERS = {
    "reference": lambda *volume: pyamg(*volume, 1e-10),
    "pyamg": lambda *volume: pyamg(*volume, 1e-6),
    "porespy": lambda *volume: porespy(*volume, None),
    "porespy 1e-6": lambda *volume: porespy(*volume, 1e-6),
    "taufactor": lambda *volume: taufactor(*volume, 1e-2),
    "taufactor 1e-3": lambda *volume: taufactor(*volume, 1e-3),
}


def main():
    peer, path, conductivity, runs, threads = sys.argv[1:]
    # Read when the peers' libraries are loaded.
    os.environ["OMP_NUM_THREADS"] = threads
    labels = np.load(path)
    conductivity = {int(label): value for label, value in json.loads(conductivity).items()}
    seconds = []
    # Some peers print; only the answer may go to stdout.
    with contextlib.redirect_stdout(sys.stderr):
        # A first run on a small volume pays for imports and compilation.
        PEERS[peer](np.resize(np.array(list(conductivity), np.uint8), (8, 8, 8)), conductivity)
        while len(seconds) < int(runs):
            start = time.perf_counter()
            answer = PEERS[peer](labels, conductivity)
            seconds.append(time.perf_counter() - start)
            if seconds[-1] > LONG:
                break
    answer["seconds"] = float(np.median(seconds))
    answer["runs"] = len(seconds)
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
