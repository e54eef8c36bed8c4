// What a run is, as plain data: what Python hands over, and what the run hands back.

#pragma once

#include <cstdint>

namespace chainrule {

// The orders of these names are those of the tables in engine/native.py.
enum class Activation { identity, sigmoid, tanh, relu, leaky_relu, elu, softplus, silu, gelu, softmax };
enum class Loss { half_squared_error, squared_error, mean_squared_error, huber, output, binary_cross_entropy, cross_entropy };
enum class Optimizer { gradient_descent, momentum, nesterov, rmsprop, adam, adamw };

struct LayerPlan {
    int64_t inputs, units;
    Activation activation;
    double alpha;
    bool train_biases, share_bias;
    double bias_sign;  // 1, or -1 for a threshold
};

struct OptimizerPlan {
    Optimizer kind;
    double learning_rate, momentum, decay, beta1, beta2, epsilon, weight_decay;
};

struct Plan {
    const LayerPlan* layers;
    int64_t layer_count;
    Loss loss;
    double delta;
    bool mean;  // over the samples of a batch; else their sum
    OptimizerPlan optimizer;
    int64_t samples, batch_size, epochs, report_every;
    int64_t networks;  // 1, or how many are trained side by side
    int threads;
};

// Arrays of float or double, as NumPy holds them; nothing here is padded.
struct Arrays {
    const void* inputs;    // (samples, inputs)
    const void* targets;   // (samples, outputs), or null
    void* parameters;      // each network's w1, b1, w2, b2 ..., changed in place
    void* outputs;         // (networks, samples, outputs) of the last epoch's first forward pass
    const double* learning_rates;  // (networks,), or null: then all have the optimizer's
    const int64_t* rows;   // (networks, samples): the samples that each network sees, or null: all see all
};

enum class End { finished, loss_not_finite, parameter_not_finite, outside_domain, interrupted, no_memory };

struct Outcome {
    End end = End::finished;
    int64_t epoch = 0;
    int64_t parameter = 0;  // which one is not finite: 0 for w1, 1 for b1, 2 for w2 ...
    double value = 0;       // the loss, or the output that the loss is not defined for
};

// What a run asks of those who started it.
struct Observer {
    // The orders in which the networks see their samples in this epoch, (networks or 1, samples); null when in order.
    virtual const int64_t* order(int64_t epoch) = 0;
    virtual bool orders_differ() const = 0;
    // The losses before this epoch's first update, one a network. False stops the run.
    virtual bool report(int64_t epoch, const double* losses) = 0;
    // Called now and then, at least every few milliseconds of work. False stops the run.
    virtual bool poll() = 0;
    virtual ~Observer() = default;
};

// Several threads that do the same work in step.
struct Team {
    virtual int size() const = 0;
    // Runs work(context, member) on every member, and returns when all have returned.
    virtual void run(void (*work)(void*, int), void* context) = 0;
    virtual ~Team() = default;
};

// Memory for a run: zeros, aligned to a cache line, freed together. Null when there is none left.
struct Memory {
    virtual void* take(int64_t count, int64_t size) = 0;
    virtual ~Memory() = default;
};

#define CHAINRULE_DECLARE(instructions)                                                                        \
    namespace instructions {                                                                                   \
    template <class T> Outcome fit(const Plan&, const Arrays&, Team&, Memory&, Observer&);                     \
    void evaluate(int function, bool is_double, const void* x, void* value, void* slope, int64_t, double);       \
    }
CHAINRULE_DECLARE(plain)
CHAINRULE_DECLARE(avx2)
CHAINRULE_DECLARE(avx512)
#undef CHAINRULE_DECLARE

}  // namespace chainrule
