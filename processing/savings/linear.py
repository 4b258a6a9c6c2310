"""Weighted ridge regression on sums of products, many candidates at once.

Everything is computed from per-block Gram matrices of one wide table of columns, so trying a
candidate (a choice of columns), or leaving a block of time out, costs one small solve.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Grams:
    """Sums of products by block of time: F'WF, F'Wy, y'Wy and the weight, first axis = block."""

    ff: Floats
    fy: Floats
    yy: Floats
    weight: Floats
    ridge: Floats
    """Penalty of each column, already in units of F'WF."""

    @classmethod
    def of(
        cls, table: Floats, y: Floats, weights: Floats, block: Ints, blocks: int, penalty: Floats
    ) -> "Grams":
        """`table` is days × columns, all finite; days of weight 0 count for nothing.

        `penalty` is relative: the ridge of a column is penalty × its own sum of squares per
        unit weight × the weight, so it does not depend on units.
        """
        k = table.shape[1]
        both = np.column_stack([table, y])
        # Sort by block once, then one product a block.
        order = np.argsort(block, kind="stable")
        both, w = both[order], weights[order]
        edges = np.searchsorted(block[order], np.arange(blocks + 1))
        full = np.empty((blocks, k + 1, k + 1))
        for b in range(blocks):
            part = both[edges[b] : edges[b + 1]]
            full[b] = part.T @ (part * w[edges[b] : edges[b + 1], None])
        ff, fy, yy = full[:, :k, :k], full[:, :k, k], full[:, k, k]
        by_block: Floats = np.bincount(block, weights=weights, minlength=blocks).astype(np.float64)
        scale = np.diagonal(ff.sum(axis=0))
        ridge = np.maximum(penalty, 1e-9) * np.maximum(scale, 1e-9)
        return cls(ff, fy, yy, by_block, ridge)

    def solve(self, picks: Ints) -> tuple[Floats, Floats]:
        """Coefficients and in-sample squared error of candidates: `picks` is candidates × columns."""
        ff, fy = self.ff.sum(axis=0), self.fy.sum(axis=0)
        a = ff[picks[:, :, None], picks[:, None, :]]
        b = fy[picks]
        diagonal = np.arange(picks.shape[1])
        regular = a.copy()
        regular[:, diagonal, diagonal] += self.ridge[picks]
        beta = np.linalg.solve(regular, b[..., None])[..., 0]
        error = self.yy.sum() - 2 * np.einsum("ci,ci->c", beta, b)
        error += np.einsum("ci,cij,cj->c", beta, a, beta)
        return beta, error

    def left_out(self, picks: Ints) -> tuple[Floats, Floats]:
        """Each candidate fitted without each block in turn.

        Gives the coefficients (blocks × candidates × columns) and the squared error over all
        blocks as predicted without them (candidates). Source: cross-validation over blocks of
        time, so that neighbouring days cannot leak.
        """
        block_a = self.ff[:, picks[:, :, None], picks[:, None, :]]  # block, candidate, i, j
        block_b = self.fy[:, picks]
        diagonal = np.arange(picks.shape[1])
        rest = block_a.sum(axis=0)[None] - block_a
        rest[:, :, diagonal, diagonal] += self.ridge[picks]
        beta = np.linalg.solve(rest, (block_b.sum(axis=0)[None] - block_b)[..., None])[..., 0]
        error = self.yy[:, None] - 2 * np.einsum("bci,bci->bc", beta, block_b)
        error += np.einsum("bci,bcij,bcj->bc", beta, block_a, beta)
        total: Floats = np.maximum(error, 0.0).sum(axis=0)
        return beta, total


def huber_weights(residuals: Floats, limit: float) -> Floats:
    """Weight 1 up to `limit` robust standard deviations, falling as 1/|residual| beyond.

    The robust deviation is 1.4826 × the median absolute residual.
    """
    spread = 1.4826 * float(np.median(np.abs(residuals)))
    if spread <= 0:
        return np.ones(len(residuals))
    weights: Floats = np.minimum(1.0, limit * spread / np.maximum(np.abs(residuals), 1e-12))
    return weights
