"""What `check` says of one file, as data: the contract of its JSON."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, final

from chainrule.errors import one_line

Ruling = Literal["right", "wrong", "undecided"]


@final
@dataclass
class Finding:
    """One mistake: where it stands, what the code does there, what it should do.

    `line` counts the file's lines, in a notebook those of its code cells joined; `columns` are those of
    the faulty expression there, in characters from 0, and `source` is that line. `found` and `expected`
    complete the sentences "it computes ..." and "it should compute ...". `numbers` are the name of one entry,
    and that entry as found and as it should be. For a problem `step` names the step, and there is no line.
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

    @property
    def place(self) -> str:
        """Where it stands, as editors read it; in a notebook by cell, in a problem by step."""
        file = one_line(self.file)
        if self.line is None:
            return f"{file}, {self.step}" if self.step else file
        if self.cell is not None:
            return f"{file}, cell {self.cell}, line {self.cell_line}"
        return f"{file}:{self.line}"

    def as_json(self) -> dict[str, Any]:
        keys = (
            "file",
            "line",
            "cell",
            "cell_line",
            "mistake",
            "found",
            "expected",
            "fix",
            "proved",
        )
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
    """The answer for one file: right, wrong or undecided, and why.

    `notes` name rounding and kinks. `advice` says what to do where nothing could be decided. `agreement`
    is how far the gradients still lie apart, of their largest entry, once the findings are put right;
    `agreeing` what was seen to agree then, if it is not all parameters' gradients.
    Shapes: each of `parameters` has its own.

    >>> import chainrule
    >>> print(chainrule.check("mazur"))
    mazur: wrong, dL/da1 sends the error back through w2 after this step's update, where the chain rule has the weights of the forward pass
        mazur, dL/da1: updated-weights
            it computes dL/dz2[1] * w2_new[1,2] + dL/dz2[2] * w2_new[2,2]
            it should compute dL/dz2[1] * w2[1,2] + dL/dz2[2] * w2[2,2]
    """

    file: str
    verdict: Ruling
    reason: str
    driven: bool = False
    loss: str | None = None
    factor: float | None = None
    parameters: list[ParameterVerdict] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    advice: str = ""
    agreement: float | None = None
    agreeing: str = ""

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
        for finding in findings:  # JSON has lists for tuples
            if finding.columns is not None:
                finding.columns = (finding.columns[0], finding.columns[1])
            if finding.numbers is not None:
                finding.numbers = (finding.numbers[0], finding.numbers[1], finding.numbers[2])
        for parameter in parameters:
            parameter.shape = tuple(parameter.shape)
        return cls(**data, findings=findings, parameters=parameters)

    def __str__(self) -> str:
        """In brief; the command prints more."""
        lines = [one_line(f"{self.file}: {self.verdict}, {self.reason}")]
        for finding in self.findings:
            lines.append(f"    {finding.place}: {finding.mistake}")
            lines.append(one_line(f"        it computes {finding.found}"))
            lines.append(one_line(f"        it should compute {finding.expected}"))
        return "\n".join(lines)


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
