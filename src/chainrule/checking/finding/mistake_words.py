"""The mistakes that a recorded program can have, by name: what the code does, and what it should do.

Each pair completes "it computes ..." and "it should compute ...". `{was}` is the operand
that stands there, `{other}` the one that belongs there, `{should_be}` that after a comma, `{code}` the expression.
"""

from collections.abc import Mapping

AGAIN_AND_AGAIN = (
    "{code} several times in one pass",
    "it once, outside of the loop that repeats it",
)
TERM_TOO_MANY = (
    "{code}, with a term that does not belong there",
    "it without that term{should_be}",
)
ONE_TOO_MANY = (
    "{code}, an error times a derivative that the gradient of this loss does not have",
    "it without that derivative, or another loss",
)
ONE_WAY_TOO_FEW = (
    "{code}, an error without what comes back through a mean or sum of the same values",
    "it with the derivatives of all that is made of these values, as a batch's mean and variance are",
)
OF_ACTIVATION = (
    "the activation's derivative, which is written in terms of the activation, from {was}",
    "it from the activation of the forward pass{should_be}",
)
NO_SLOPE = (
    "{code}, which is not the activation's derivative",
    "the activation's derivative at the pre-activation",
)
NO_SLOPE_BESIDE = (
    "{code} with {was}, which is not the activation's derivative",
    "it with the activation's derivative at the pre-activation",
)
LOSS_ITSELF = (
    "{code}, a value of a loss, which is sent back as if it were an error",
    "the derivative of that loss by the predictions",
)
LAST_ALONE = (
    "{code} in every round of a loop, and keeps the last alone",
    "the sum over all rounds",
)
PRODUCT_FIRST = (
    "{code}, where products come before sums",
    "the sum or difference first: it needs parentheses",
)
ONE_OPERATION_TOO_FEW = (
    "an operand's gradient without all that comes back through this operation",
    "it with this operation's own derivative",
)
OF_EACH_SAMPLE = (
    "errors of several samples, added up, times {was}, which is one sample's alone",
    "each sample's error times that sample's own values, and then the sum: go back once for each sample",
)
WORDS: Mapping[str, tuple[str, str]] = {
    "derivative-at-activation": (
        "the activation's derivative at {was}",
        "the derivative at the pre-activation that the activation was computed from{should_be}",
    ),
    "missing-derivative": (
        "an error that goes back past an activation without the activation's derivative",
        "{code} times the derivative of that activation at its pre-activation",
    ),
    "raw-error-backpropagated": (
        "the error of the layer before from {was}, the output's error without the output's derivative",
        "it from the output's delta, with the output's derivative{should_be}",
    ),
    "relu-derivative-at-output": (
        "the derivative of the activation with a test of {was}, which comes out the same for every entry",
        "that test on the pre-activation{should_be}",
    ),
    "dropout-mask": (
        "an error that goes back past dropout without all of what dropout did to the activation",
        "the error times the same mask, with the same scale",
    ),
    "updated-weights": (
        "the error of the layer before after this line has changed the weights",
        "that error with the weights of the forward pass: update them only afterwards",
    ),
    "last-sample-only": (
        "the gradient of a batch from one sample's values",
        "the sum over all samples of the batch",
    ),
    "repeated-index": (
        "an update of entries some of which its index names more than once: of what is added to one, the last alone counts",
        "the sum of all that is added to each entry",
    ),
    "no-flow-through-time": (
        "a state's error from its own time step alone",
        "that error with what comes back from the later time steps, too",
    ),
    "bias-not-summed": (
        "a bias's gradient for every sample by itself",
        "the sum of it over the samples",
    ),
    "bias-summed-over-all": (
        "a bias's gradient summed over the units, too",
        "each unit's own sum over the samples",
    ),
    "wrong-transpose": (
        "a product with a matrix that should be its transpose, or the reverse",
        "the product with the axes the other way round",
    ),
    "wrong-layer-input": (
        "a weight's gradient with {was}",
        "it with the values that the forward pass multiplies these weights by{should_be}",
    ),
    "wrong-index": (
        "{code} with {was}, an entry that does not belong there",
        "it with the entry that belongs to this place{should_be}",
    ),
    "wrong-variable": (
        "{code} with {was}",
        "it with {other}",
    ),
    "wrong-operator": (
        "{code}",
        "another operation on these operands",
    ),
    "wrong-constant": (
        "{code} with the number {was}",
        "it with another number{should_be}",
    ),
    "sign-error": (
        "a step up the gradient",
        "a step down the gradient: the other sign",
    ),
    "decay-sign": (
        "a weight decay that makes weights grow",
        "a decay that draws weights towards 0: the other sign",
    ),
    "learning-rate-twice": (
        "an update that the learning rate is applied to more than once",
        "it with the learning rate once, as for the other parameters",
    ),
    "parameter-mis-scaled": (
        "a gradient that is off by a constant factor",
        "it on the scale of the other parameters' gradients",
    ),
    "gradient-not-reset": (
        "the sum of this pass's gradient and those of all passes before: it is never set back to 0",
        "the gradient of this pass alone",
    ),
    "wrong-order": (
        "the way back through some operations before all that comes back to them is there",
        "the way back through each operation once all that used its result have sent back to it",
    ),
    "target-unused": (
        "an error without the target",
        "the difference of prediction and target",
    ),
    "unknown": (
        "a value from which gradients go wrong",
        "what the chain rule has there; no edit that was tried puts it right",
    ),
}
