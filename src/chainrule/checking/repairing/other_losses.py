"""What errors may be the gradient of, though the family of losses has none such."""

from chainrule.checking.fitting.case import Case
from chainrule.checking.repairing.edits import Edit
from chainrule.checking.repairing.impossible_slopes import used_mixes


def predicts_differences(case: Case) -> bool:
    """Whether what targets meet adds up two predictions, as a value less the next one: gradients may be meant to go through one."""
    anatomy, program = case.anatomy, case.program
    makers = (program.step_of.get(mix.prediction) for mix in used_mixes(case))
    return any(
        step is not None
        and step.operation in ("add", "subtract")
        and all(anatomy.masks[p] and p not in anatomy.stops for p in step.inputs)
        for step in makers
    )


def takes_mean_off(case: Case, edit: Edit) -> bool:
    """Whether an edit removes what takes their own mean off errors: e - mean(e) is the gradient of their variance."""
    step = edit.step
    if edit.how != "remove" or step.operation != "subtract":
        return False
    mean = case.program.step_of.get(step.inputs[1])
    return mean is not None and mean.operation == "mean" and mean.inputs[0] == step.inputs[0]
