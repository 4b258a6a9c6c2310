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

    def without_base(self, base: int, *, blocks: bool = False) -> "Reduced":
        """The system with the first `base` columns, common to all candidates, solved once.

        With `blocks`, once for each block left out (first axis) instead of once for all.
        Source: block elimination (Frisch, Waugh, Lovell), ridge included.
        """
        ff, fy = self.ff.sum(axis=0)[None], self.fy.sum(axis=0)[None]
        if blocks:
            ff, fy = ff - self.ff, fy - self.fy
        diagonal = np.arange(base)
        a = ff[:, :base, :base].copy()
        a[:, diagonal, diagonal] += self.ridge[:base]
        right = np.concatenate([ff[:, :base, base:], fy[:, :base, None]], axis=2)
        solved = np.linalg.solve(a, right)
        across = ff[:, base:, :base]
        inner = ff[:, base:, base:] - across @ solved[:, :, :-1]
        target = fy[:, base:] - (across @ solved[:, :, -1:])[..., 0]
        return Reduced(base, inner, target, solved, self.ridge[base:])

    def errors(self, picks: Ints, beta: Floats) -> Floats:
        """Squared error on all the data of the solution `beta` (candidates × columns).

        For a solution, (A + R)·β = b, so the error y'y − 2β'b + β'Aβ is y'y − β'(b + Rβ).
        """
        fy = self.fy.sum(axis=0)
        against = fy[picks] + self.ridge[picks] * beta
        error: Floats = self.yy.sum() - (against * beta).sum(axis=1)
        return error

    def left_out(self, picks: Ints, reduced: "Reduced") -> tuple[Floats, Floats]:
        """Each candidate fitted without each block in turn (`reduced` with blocks).

        Gives the coefficients (blocks × candidates × columns) and the squared error over all
        blocks as predicted without them (candidates). Source: cross-validation over blocks of
        time, so that neighbouring days cannot leak.
        """
        beta = reduced.coefficients(picks)
        block_a = self.ff[:, picks[:, :, None], picks[:, None, :]]
        fitted = (block_a @ beta[..., None])[..., 0]
        by_block = self.yy[:, None] + ((fitted - 2 * self.fy[:, picks]) * beta).sum(axis=2)
        total: Floats = np.maximum(by_block, 0.0).sum(axis=0)
        return beta, total


@dataclass(frozen=True, slots=True)
class Reduced:
    """A system whose base columns are eliminated; the first axis is the block left out."""

    base: int
    inner: Floats
    target: Floats
    solved: Floats
    ridge: Floats

    def coefficients(self, picks: Ints) -> Floats:
        """Coefficients of candidates: blocks × candidates × columns.

        `picks` is candidates × columns; each row begins with all base columns, in order.
        """
        extra = picks[:, self.base :] - self.base
        if not extra.shape[1]:
            alone = self.solved[:, None, :, -1]
            return np.repeat(alone, len(picks), axis=1)
        a = self.inner[:, extra[:, :, None], extra[:, None, :]]
        diagonal = np.arange(extra.shape[1])
        a[:, :, diagonal, diagonal] += self.ridge[extra]
        outer = np.linalg.solve(a, self.target[:, extra][..., None])[..., 0]
        # base = solved(y) − Σ solved(column) × its coefficient
        moved = (self.solved[:, :, extra].transpose(0, 2, 1, 3) @ outer[..., None])[..., 0]
        base = self.solved[:, None, :, -1] - moved
        return np.concatenate([base, outer], axis=2)


def huber_weights(residuals: Floats, limit: float) -> Floats:
    """Weight 1 up to `limit` robust standard deviations, falling as 1/|residual| beyond.

    The robust deviation is 1.4826 × the median absolute residual.
    """
    spread = 1.4826 * float(np.median(np.abs(residuals)))
    if spread <= 0:
        return np.ones(len(residuals))
    weights: Floats = np.minimum(1.0, limit * spread / np.maximum(np.abs(residuals), 1e-12))
    return weights
