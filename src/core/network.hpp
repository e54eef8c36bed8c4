// One network, its samples in lanes.
//
// A batch is cut into chunks of at most CHUNK samples, a chunk into panels of PANEL samples. In a panel every unit has
// a row of PANEL numbers, one a sample, so all layers are computed with full lanes, however narrow they are.
//
// The bias is the weight of an input that is always 1 (-1 for a threshold): it is the last number of its unit's row of
// weights, and one product gives z with its bias and dL/dw with dL/db. Rows of weights are filled up with zeros to a
// whole number of panels, and stay zero there: their inputs are 0, so their gradient is.

#pragma once

#include "losses.hpp"
#include "optimizers.hpp"
#include "product.hpp"

namespace chainrule::CHAINRULE_INSTRUCTIONS {

constexpr int64_t CHUNK = 512;  // samples: enough to fill every lane, few enough to stay in the cache

inline int64_t round_up(int64_t count, int64_t unit) { return (count + unit - 1) / unit * unit; }

template <class T> class SingleNetwork {
    using V = Wide<T>;
    static constexpr int P = PANEL<T>;
    static constexpr int L = lanes<V>;

    struct Layer : LayerPlan {
        int64_t stride;     // of a row of weights: inputs + 1, filled up
        T *weights, *gradient, *states[2];
        T* frozen;          // the biases as they were, where updates must not change them
        T *a, *slope, *dz;  // by samples: panels of samples, a row a unit
        int64_t rows;       // of a panel of a: units + 1, filled up
    };

    const Plan& plan;
    const Arrays& arrays;
    Layer* layers;
    int64_t depth;
    const int team_size;
    int64_t input_rows;
    T* inputs;                  // by samples, as a
    T** by_units;               // of each layer's inputs: panels of units, a row a sample
    T* targets;                 // by samples
    T* losses;                  // of each sample of a chunk
    int64_t chunk;              // the largest chunk of this run, in samples
    const int64_t* packed_rows = nullptr;
    int64_t packed_start = -1, packed_count = -1;
    bool fused;
    Step<V> step;

  public:
    SingleNetwork(const Plan& plan, const Arrays& arrays, int team_size)
        : plan(plan), arrays(arrays), team_size(team_size),
          step(plan.optimizer, splat<V>(T(plan.optimizer.learning_rate))) {}

    // False when memory is short.
    bool prepare(Memory& memory) {
        bool enough = true;
        const auto take = [&](int64_t count) {
            T* taken = static_cast<T*>(memory.take(count, sizeof(T)));
            enough = enough && taken;
            return taken;
        };
        depth = plan.layer_count;
        layers = static_cast<Layer*>(memory.take(depth, sizeof(Layer)));
        by_units = static_cast<T**>(memory.take(depth, sizeof(T*)));
        if (!layers || !by_units) return false;
        const int64_t largest = plan.samples < CHUNK ? plan.samples : CHUNK;
        chunk = round_up(largest, P);
        input_rows = round_up(plan.layers[0].inputs + 1, P);
        inputs = take(chunk * input_rows);
        losses = take(chunk);
        for (int64_t l = 0; l < depth; ++l) {
            Layer& layer = layers[l];
            static_cast<LayerPlan&>(layer) = plan.layers[l];
            layer.stride = round_up(layer.inputs + 1, P);
            layer.rows = round_up(layer.units + 1, P);
            const int64_t size = layer.units * layer.stride;
            layer.weights = take(size);
            layer.gradient = take(size);
            for (int s = 0; s < state_count(plan.optimizer.kind); ++s) layer.states[s] = take(size);
            layer.frozen = take(layer.units);
            layer.a = take(chunk * layer.rows);
            layer.slope = take(chunk * layer.rows);
            layer.dz = take(chunk * layer.rows);
            by_units[l] = take(chunk * layer.stride);
        }
        targets = take(chunk * layers[depth - 1].rows);
        if (!enough) return false;
        fused = is_fused(plan.loss, layers[depth - 1].activation);
        for (int64_t l = 0; l < depth; ++l) write_bias_inputs(l);
        unpack_parameters();
        return true;
    }

    // One update from the samples `rows[start]` to `rows[start + count - 1]` (or of these numbers, where rows is null).
    // False when the batch's loss is not finite, or not defined.
    bool train(const int64_t* rows, int64_t start, int64_t count, Team& team, Observer& observer, Outcome& outcome) {
        const T factor = plan.mean ? T(1) / T(count) : T(1);
        double loss = 0;
        step.begin(plan.optimizer);
        Task task{this, rows, 0, 0, factor, true, false, false, step};
        for (int64_t done = 0; done < count; done += CHUNK) {
            task.start = start + done;
            task.count = count - done < CHUNK ? count - done : CHUNK;
            task.accumulate = done > 0;
            task.update = done + CHUNK >= count;
            pack(task);
            team.run(run_panels, &task);
            for (int64_t n = 0; n < task.count; ++n) loss += double(losses[n]);
            if (is_outside_domain(task.count, outcome)) return false;
            if (task.update && !__builtin_isfinite(T(loss * double(factor)))) {
                outcome.end = End::loss_not_finite;
                outcome.value = double(T(loss * double(factor)));
                return false;
            }
            team.run(run_gradients, &task);
            if (!task.update && !observer.poll()) {
                outcome.end = End::interrupted;
                return false;
            }
        }
        for (int64_t l = 0; l < depth; ++l)
            if (layers[l].share_bias) finish_shared_bias(layers[l], task.step);
        return true;
    }

    // The loss over all samples; their outputs are written to arrays.outputs.
    bool evaluate(double* loss, Team& team, Observer& observer, Outcome& outcome) {
        *loss = 0;
        Task task{this, nullptr, 0, 0, T(1), false, false, false, step};
        const int64_t units = layers[depth - 1].units;
        for (task.start = 0; task.start < plan.samples; task.start += CHUNK) {
            const int64_t left = plan.samples - task.start;
            task.count = left < CHUNK ? left : CHUNK;
            pack(task);
            team.run(run_panels, &task);
            if (is_outside_domain(task.count, outcome)) return false;
            if (task.start > 0 && !observer.poll()) {
                outcome.end = End::interrupted;
                return false;
            }
            for (int64_t n = 0; n < task.count; ++n) *loss += double(losses[n]);
            T* out = static_cast<T*>(arrays.outputs) + task.start * units;
            for (int64_t n = 0; n < task.count; ++n)
                for (int64_t o = 0; o < units; ++o)
                    out[n * units + o] = layers[depth - 1].a[(n / P * layers[depth - 1].rows + o) * P + n % P];
        }
        if (plan.mean) *loss /= double(plan.samples);
        *loss = double(T(*loss));
        return true;
    }

    // Which parameter is not finite, or -1.
    int64_t find_not_finite() const {
        for (int64_t l = 0; l < depth; ++l) {
            const Layer& layer = layers[l];
            T weights = 0, biases = 0;  // 0 times what is not finite is NaN
            for (int64_t o = 0; o < layer.units; ++o) {
                V sum{};
                for (int64_t i = 0; i < layer.stride; i += L) sum += 0 * vector(layer.weights + o * layer.stride + i);
                const T bias = layer.weights[o * layer.stride + layer.inputs];
                for (int lane = 0; lane < L; ++lane) weights += sum[lane];
                biases += 0 * bias;
            }
            if (!__builtin_isfinite(biases)) {
                for (int64_t o = 0; o < layer.units; ++o)
                    for (int64_t i = 0; i < layer.inputs; ++i)
                        if (!__builtin_isfinite(layer.weights[o * layer.stride + i])) return 2 * l;
                return 2 * l + 1;
            }
            if (!__builtin_isfinite(weights)) return 2 * l;
        }
        return -1;
    }

    void pack_parameters() const {
        T* out = static_cast<T*>(arrays.parameters);
        for (int64_t l = 0; l < depth; ++l) {
            const Layer& layer = layers[l];
            for (int64_t o = 0; o < layer.units; ++o)
                for (int64_t i = 0; i < layer.inputs; ++i) *out++ = layer.weights[o * layer.stride + i];
            for (int64_t o = 0; o < layer.units; ++o) *out++ = layer.weights[o * layer.stride + layer.inputs];
        }
    }

  private:
    struct Task {
        SingleNetwork* network;
        const int64_t* rows;
        int64_t start, count;
        T factor;
        bool train, accumulate, update;
        Step<V> step;
    };

    static V& vector(T* numbers) { return *reinterpret_cast<V*>(numbers); }

    void unpack_parameters() {
        const T* in = static_cast<const T*>(arrays.parameters);
        for (int64_t l = 0; l < depth; ++l) {
            Layer& layer = layers[l];
            for (int64_t o = 0; o < layer.units; ++o)
                for (int64_t i = 0; i < layer.inputs; ++i) layer.weights[o * layer.stride + i] = *in++;
            for (int64_t o = 0; o < layer.units; ++o)
                layer.frozen[o] = layer.weights[o * layer.stride + layer.inputs] = *in++;
        }
    }

    // Of each layer's inputs, the row (by samples) and the column (by units) that stand for the bias.
    void write_bias_inputs(int64_t l) {
        const Layer& layer = layers[l];
        T* a = l ? layers[l - 1].a : inputs;
        const int64_t rows = l ? layers[l - 1].rows : input_rows;
        for (int64_t panel = 0; panel < chunk / P; ++panel)
            for (int n = 0; n < P; ++n) a[(panel * rows + layer.inputs) * P + n] = T(layer.bias_sign);
        T* column = by_units[l] + layer.inputs / P * chunk * P + layer.inputs % P;
        for (int64_t n = 0; n < chunk; ++n) column[n * P] = T(layer.bias_sign);
    }

    // Brings a chunk's samples from the caller's arrays into panels, unless they are there already.
    void pack(const Task& task) {
        if (!task.rows && !packed_rows && task.start == packed_start && task.count == packed_count) return;
        packed_rows = task.rows;
        packed_start = task.start;
        packed_count = task.count;
        const T* x = static_cast<const T*>(arrays.inputs);
        const T* t = static_cast<const T*>(arrays.targets);
        const int64_t features = layers[0].inputs, outputs = layers[depth - 1].units;
        const int64_t whole = features / P * P, target_rows = layers[depth - 1].rows;
        for (int64_t n = 0; n < task.count; ++n) {
            const int64_t row = task.rows ? task.rows[task.start + n] : task.start + n;
            const T* from = x + row * features;
            T* to = by_units[0] + n * P;
            for (int64_t i = 0; i < whole; i += P, to += chunk * P) std::memcpy(to, from + i, P * sizeof(T));
            for (int64_t i = whole; i < features; ++i) to[i - whole] = from[i];
            if (!t) continue;
            to = targets + n / P * target_rows * P + n % P;
            for (int64_t o = 0; o < outputs; ++o) to[o * P] = t[row * outputs + o];
        }
    }

    // by_units[unit / P][sample][unit % P] <-> by_samples[unit][sample], one panel of samples. Bias inputs and padding are
    // left out: they never change.
    enum class To { samples, units };
    template <To TO> void transpose_panel(T* by_units, T* by_samples, int64_t units) const {
        for (int64_t unit = 0; unit < units; unit += L)
            for (int n = 0; n < P; n += L) {
                T* const at_units = by_units + unit / P * chunk * P + n * P + unit % P;
                T* const at_samples = by_samples + unit * P + n;
                T *from = TO == To::samples ? at_units : at_samples, *to = TO == To::samples ? at_samples : at_units;
                V square[L];
#pragma GCC unroll 16
                for (int k = 0; k < L; ++k) square[k] = vector(from + k * P);
                transpose(square);
#pragma GCC unroll 16
                for (int k = 0; k < L; ++k) vector(to + k * P) = square[k];
            }
    }

    // --- forward and backward, panel by panel ---------------------------------------------------------

    static void run_panels(void* context, int member) {
        Task& task = *static_cast<Task*>(context);
        SingleNetwork& network = *task.network;
        const int64_t panels = round_up(task.count, P) / P, members = int64_t(network.team_size);
        const int64_t end = panels * (member + 1) / members;
        for (int64_t panel = panels * member / members; panel < end; ++panel) {
            const int64_t samples = task.count - panel * P;
            if (samples <= L) network.template run_panel<1>(task, panel);
            else network.template run_panel<2>(task, panel);
        }
    }

    template <int USED> void run_panel(const Task& task, int64_t panel) {
        transpose_panel<To::samples>(by_units[0] + panel * P * P, inputs + panel * input_rows * P, layers[0].inputs);
        for (int64_t l = 0; l < depth; ++l) layer_forward<USED>(l, panel);
        loss_backward<USED>(task, panel);
        if (!task.train) return;
        for (int64_t l = depth - 1; l > 0; --l) layer_backward<USED>(l, panel);
    }

    const T* inputs_of(int64_t l, int64_t panel) const {
        return l ? layers[l - 1].a + panel * layers[l - 1].rows * P : inputs + panel * input_rows * P;
    }

    template <int USED> void layer_forward(int64_t l, int64_t panel) {
        Layer& layer = layers[l];
        const int64_t offset = panel * layer.rows * P;
        T *a = layer.a + offset, *slope = layer.slope + offset, *z = layer.dz + offset;
        const int64_t k_count = layer.inputs + 1;
        const Left<T> weights{layer.weights, layer.stride, 1, k_count, 0};
        multiply<T, USED>(
            layer.units, weights, reinterpret_cast<const V*>(inputs_of(l, panel)), k_count,
            [](int64_t, int) { return V{}; }, [&](int64_t o, int v, V sum) { vector(z + o * P + v * L) = sum; });
        if (layer.activation == Activation::softmax) {
            if (fused && l == depth - 1) return;  // the loss computes it on the way
            for (int v = 0; v < USED; ++v)
                softmax<V>({&vector(z + v * L), VECTORS}, {&vector(a + v * L), VECTORS}, layer.units);
        } else {
            const V alpha = splat<V>(T(layer.alpha));
            with_activation<V>(layer.activation, [&](auto f) {
                for (int64_t o = 0; o < layer.units; ++o)
                    for (int v = 0; v < USED; ++v) {
                        const int64_t at = o * P + v * L;
                        vector(a + at) = f.apply(vector(z + at), alpha, vector(slope + at));
                    }
            });
        }
        if (l + 1 < depth) transpose_panel<To::units>(by_units[l + 1] + panel * P * P, a, layer.units);
    }

    template <int USED> void loss_backward(const Task& task, int64_t panel) {
        Layer& layer = layers[depth - 1];
        const int64_t offset = panel * layer.rows * P;
        for (int v = 0; v < USED; ++v) {
            const auto column = [&](T* numbers) { return Column<V>{&vector(numbers + offset + v * L), VECTORS}; };
            const Column<V> a = column(layer.a), dz = column(layer.dz), slope = column(layer.slope);
            const V loss = loss_and_gradient<V>(plan, fused, dz, a, column(targets), dz, layer.units);
            vector(losses + panel * P + v * L) = loss;
            if (!task.train) continue;
            for (int64_t o = 0; o < layer.units; ++o) dz[o] *= task.factor;
            if (fused) continue;
            if (layer.activation == Activation::softmax) softmax_backward<V>(a, dz, layer.units);
            else
                for (int64_t o = 0; o < layer.units; ++o) dz[o] *= slope[o];
        }
    }

    // dL/da of the layer before = w^T dL/dz, times its slope: its dL/dz.
    template <int USED> void layer_backward(int64_t l, int64_t panel) {
        Layer &layer = layers[l], &before = layers[l - 1];
        const int64_t offset = panel * before.rows * P;
        T *dz = before.dz + offset, *slope = before.slope + offset;
        const bool coupled = before.activation == Activation::softmax;
        const Left<T> weights{layer.weights, 1, layer.stride, layer.units, 0};
        multiply<T, USED>(
            layer.inputs, weights, reinterpret_cast<const V*>(layer.dz + panel * layer.rows * P), layer.units,
            [](int64_t, int) { return V{}; },
            [&](int64_t i, int v, V sum) {
                vector(dz + i * P + v * L) = coupled ? sum : sum * vector(slope + i * P + v * L);
            });
        if (coupled)
            for (int v = 0; v < USED; ++v)
                softmax_backward<V>({&vector(before.a + offset + v * L), VECTORS}, {&vector(dz + v * L), VECTORS},
                                    before.units);
    }

    // Whether the loss is not defined for an output of this chunk.
    bool is_outside_domain(int64_t samples, Outcome& outcome) const {
        const Layer& layer = layers[depth - 1];
        if (!needs_probabilities(plan.loss) || gives_probabilities(layer.activation)) return false;
        for (int64_t n = 0; n < samples; ++n)
            for (int64_t o = 0; o < layer.units; ++o) {
                const T a = layer.a[(n / P * layer.rows + o) * P + n % P];
                if (!(a < 0 || a > 1)) continue;
                outcome.end = End::outside_domain;
                outcome.value = double(a);
                return true;
            }
        return false;
    }

    // --- gradients and updates, by panels of a layer's inputs -----------------------------------------

    static void run_gradients(void* context, int member) {
        Task& task = *static_cast<Task*>(context);
        SingleNetwork& network = *task.network;
        // Panels of all layers in one line, cut where each member has its share of the work.
        int64_t work = 0, done = 0;
        for (int64_t l = 0; l < network.depth; ++l) work += network.layers[l].stride * network.layers[l].units;
        for (int64_t l = 0; l < network.depth; ++l) {
            const Layer& layer = network.layers[l];
            for (int64_t panel = 0; panel < layer.stride / P; ++panel, done += layer.units * P)
                if ((2 * done + layer.units * P) * network.team_size / (2 * work) == member)
                    network.run_gradient(task, l, panel);
        }
    }

    void run_gradient(const Task& task, int64_t l, int64_t panel) {
        // Often only the bias is left over for the last panel: then its second vector is all zeros.
        if (layers[l].inputs + 1 - panel * P <= L) run_gradient_of<1>(task, l, panel);
        else run_gradient_of<2>(task, l, panel);
    }

    // dL/dw = sum over samples of dL/dz a^T, and soon the update: the gradients of a few rows wait in the first cache.
    // Not in registers: divisions and square roots, one after a tile, would hold up the next tile's products.
    template <int USED> void run_gradient_of(const Task& task, int64_t l, int64_t panel) {
        constexpr int64_t GROUP = 8 * LARGEST_TILE;
        Layer& layer = layers[l];
        const V* a = reinterpret_cast<const V*>(by_units[l] + panel * chunk * P);
        const bool update_now = task.update && !layer.share_bias;
        const int states = update_now ? state_count(plan.optimizer.kind) : 0;
        V gradients[GROUP][USED];
        for (int64_t first = 0; first < layer.units; first += GROUP) {
            const int64_t rows = layer.units - first < GROUP ? layer.units - first : GROUP;
            const auto place = [&](int64_t o, int v) { return (first + o) * layer.stride + panel * P + v * L; };
            // dL/dz lies in panels of samples: k runs through P samples, then on to the next panel.
            const Left<T> dz{layer.dz + first * P, P, 1, P, layer.rows * P};
            const auto start = [&](int64_t o, int v) {
                // What the update will want comes from far while the products are summed up.
                const int64_t at = place(o, v);
                __builtin_prefetch(layer.weights + at, 1);
                for (int s = 0; s < states; ++s) __builtin_prefetch(layer.states[s] + at, 1);
                return task.accumulate ? vector(layer.gradient + at) : V{};
            };
            multiply<T, USED>(rows, dz, a, task.count, start, [&](int64_t o, int v, V g) { gradients[o][v] = g; });
            const auto each = [&](auto&& use) {
                for (int64_t o = 0; o < rows; ++o)
                    for (int v = 0; v < USED; ++v) use(place(o, v), gradients[o][v]);
            };
            if (update_now)
                with_optimizer(plan.optimizer.kind, [&](auto kind) {
                    const Step<V> step = task.step;  // a copy stays in registers: no store can change it
                    each([&](int64_t at, V g) { update_at<decltype(kind)::value>(layer, step, at, g); });
                });
            else each([&](int64_t at, V g) { vector(layer.gradient + at) = g; });
        }
        if (update_now && !layer.train_biases && panel == layer.inputs / P) keep_biases(layer);
    }

    template <Optimizer KIND> ALWAYS_INLINE static void update_at(Layer& layer, const Step<V>& step, int64_t at, V gradient) {
        const auto state = [&](int s) { return reinterpret_cast<V*>(layer.states[s] + at); };
        update<KIND>(step, vector(layer.weights + at), gradient, state(0), state(1));
    }

    static void keep_biases(Layer& layer) {
        for (int64_t o = 0; o < layer.units; ++o) layer.weights[o * layer.stride + layer.inputs] = layer.frozen[o];
    }

    // One bias behind all units: their gradients add up.
    void finish_shared_bias(Layer& layer, const Step<V>& step) {
        T sum = 0;
        for (int64_t o = 0; o < layer.units; ++o) sum += layer.gradient[o * layer.stride + layer.inputs];
        for (int64_t o = 0; o < layer.units; ++o) layer.gradient[o * layer.stride + layer.inputs] = sum;
        with_optimizer(plan.optimizer.kind, [&](auto kind) {
            for (int64_t at = 0; at < layer.units * layer.stride; at += L)
                update_at<decltype(kind)::value>(layer, step, at, vector(layer.gradient + at));
        });
        if (!layer.train_biases) keep_biases(layer);
    }
};

}  // namespace chainrule::CHAINRULE_INSTRUCTIONS
