"""Each thought of the domain has one place: the places are counted here, in the code itself."""

import ast
import re
from collections.abc import Callable
from functools import cache

from domain.carriers import USES
from domain.figures import Shares
from tests.paths import ROOMS, ROOT

SHARES = set(Shares.__slots__)


@cache
def code() -> dict[str, list[ast.AST]]:
    """The nodes of each module of the rooms, by its path."""
    paths = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
    return {
        path.relative_to(ROOT).as_posix(): list(ast.walk(ast.parse(path.read_text("utf-8"))))
        for path in paths
    }


def places(found: Callable[[ast.AST], bool]) -> set[str]:
    """The modules with a node of which `found` is true."""
    return {path for path, nodes in code().items() if any(map(found, nodes))}


def calls(node: ast.AST, *names: str) -> bool:
    """Whether it is a call of a method of one of these names."""
    return isinstance(node, ast.Call) and _attribute(node.func) in names


def is_name(node: ast.AST, *names: str) -> bool:
    """Whether it is one of these names, or an attribute called so."""
    return (node.id if isinstance(node, ast.Name) else _attribute(node)) in names


def _attribute(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else ""


def test_a_carriers_use_is_spelled_in_one_place() -> None:
    figures = {use.figure for use in USES}

    def spells(node: ast.AST) -> bool:
        return isinstance(node, ast.Constant) and node.value in figures

    assert places(spells) == {"domain/carriers.py"}
    tables = "\n".join(p.read_text(encoding="utf-8") for p in (ROOT / "config").rglob("*.toml"))
    assert not [f for f in figures if f in tables]


def test_shares_are_divided_in_one_place() -> None:
    """Of figures; the means of the arrays behind them are `curves.curve.mean_shares`."""

    def divides(node: ast.AST) -> bool:
        if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Div):
            return False
        summed = isinstance(node.left, ast.Call)
        of = ast.walk(node.left) if summed else [node.left]
        return any(_attribute(part) in SHARES for part in of)

    def averages(node: ast.AST) -> bool:
        return calls(node, "mean", "sum") and any(
            is_name(part, "getattr") for part in ast.walk(node)
        )

    def makes_the_rest(node: ast.AST) -> bool:
        return (
            isinstance(node, ast.Call)
            and is_name(node.func, "Shares")
            and any(isinstance(part, ast.BinOp) for part in node.args)
        )

    assert places(divides) == {"domain/figures/__init__.py"}
    assert not places(makes_the_rest)
    assert places(averages) == {"processing/curves/curve.py"}


def test_texts_become_instants_in_one_place() -> None:
    def reads(node: ast.AST) -> bool:
        return calls(node, "fromisoformat") and is_name(node.func.value, "datetime")  # type: ignore[attr-defined]

    assert places(reads) == {"domain/instants.py"}
    of_a_season = {"civicmeter/commands/savings/fit.py"}  # MM-DD, no instant
    assert places(lambda node: calls(node, "strptime")) == of_a_season


def test_instants_become_local_days_in_one_place() -> None:
    def converts(node: ast.AST) -> bool:
        return calls(node, "astimezone") and not all(is_name(a, "UTC") for a in node.args)  # type: ignore[attr-defined]

    of_clocks = {
        "domain/instants.py",  # which of two equal clock times is meant
        "simulators/devices/grid.py",  # the offset of a zone
        "simulators/dialects/speech.py",  # a device's own clock
    }
    assert places(converts) - of_clocks == {"domain/calendar.py"}


def test_the_pattern_of_a_month_is_in_one_place() -> None:
    def matches(node: ast.AST) -> bool:
        return isinstance(node, ast.Constant) and "0[1-9]|1[0-2]" in str(node.value)

    assert places(matches) == {"domain/calendar.py"}


def test_subjects_are_glued_and_taken_apart_in_one_place() -> None:
    def cuts(node: ast.AST) -> bool:
        return calls(node, "rpartition", "partition") and "subject" in ast.unparse(node)

    def glues(node: ast.AST) -> bool:
        text = ast.unparse(node) if isinstance(node, ast.JoinedStr) else ""
        return bool(re.search(r"(contract|whole)(\.id)?\}/\{", text))

    assert not places(cuts)
    assert places(glues) == {"domain/figures/subjects.py"}
