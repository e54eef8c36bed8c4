"""What `check` says of one file, as data: the contract of its JSON."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, final

Ruling = Literal["right", "wrong", "undecided"]


@final
@dataclass
class Finding:
    """One mistake: where it stands, what the code does there, what it should do.

    `line` counts the file's lines, in a notebook those of its code cells joined; `columns` are those of
    the faulty expression there. `numbers` are one entry as found and as it should be.
    """

    file: str
    line: int | None
    mistake: str
    found: str
    expected: str
    fix: str | None
    proved: bool
    cell: int | None = None
    cell_line: int | None = None
    columns: tuple[int, int] | None = None
    source: str = ""
    parameters: list[str] = field(default_factory=list)
    numbers: tuple[str, float, float] | None = None
    step: str | None = None

    def as_json(self) -> dict[str, Any]:
        keys = ("file", "line", "cell", "cell_line", "mistake", "found", "expected", "fix", "proved")
        row = {key: getattr(self, key) for key in keys}
        return row | ({"step": self.step} if self.step is not None else {})


@final
@dataclass
class ParameterVerdict:
    """One parameter: whether its updates follow its gradient, by direction and by length."""

    name: str
    verdict: Literal["right", "wrong", "never-updated"]
    cosine: float | None
    ratio: float | None
    shape: tuple[int, ...] = ()


@final
@dataclass
class Verdict:
    """The answer for one file: right, wrong or undecided, and why."""

    file: str
    verdict: Ruling
    reason: str
    driven: bool = False
    loss: str | None = None
    factor: float | None = None
    parameters: list[ParameterVerdict] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The object that --json prints."""
        return {
            "file": self.file,
            "verdict": self.verdict,
            "reason": self.reason,
            "driven": self.driven,
            "loss": self.loss,
            "factor": finite(self.factor),
            "parameters": [
                {
                    "name": one.name,
                    "verdict": one.verdict,
                    "cosine": finite(one.cosine),
                    "ratio": finite(one.ratio),
                }
                for one in self.parameters
            ],
            "findings": [finding.as_json() for finding in self.findings],
        }

    def as_data(self) -> dict[str, Any]:
        """Everything, for the process that asked."""
        return asdict(self)

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> "Verdict":
        """The verdict that `as_data` described, from JSON too."""
        findings = [Finding(**row) for row in data.pop("findings")]
        parameters = [ParameterVerdict(**row) for row in data.pop("parameters")]
        for finding in findings:
            finding.columns = None if finding.columns is None else tuple(finding.columns)  # type: ignore[assignment]
        return cls(**data, findings=findings, parameters=parameters)


def finite(number: float | None) -> float | None:
    return number if number is not None and abs(number) < float("inf") else None


def undecided(file: str, reason: str, **details: Any) -> Verdict:
    return Verdict(file, "undecided", reason, **details)


def joined_losses(names: Sequence[str]) -> str:
    """The names of losses that cannot be told apart; a squared error's scale is its factor."""
    spoken: list[str] = []
    for name in names:
        spoken += SCALES.get(name, [name])
    return "|".join(spoken)


SCALES = {"half-squared-error": ["half-squared-error", "squared-error", "mean-squared-error"]}
