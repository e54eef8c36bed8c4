// What Python sees of the core: `fit` and what belongs to it. chainrule/engine/native.py is the only caller.

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <chrono>

#include "core.hpp"

namespace nb = nanobind;
using namespace chainrule;

namespace {

template <class T> using Flat = nb::ndarray<T, nb::numpy, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Numbers = nb::ndarray<const int64_t, nb::numpy, nb::c_contig, nb::device::cpu>;
using Bytes = nb::ndarray<nb::numpy, nb::c_contig, nb::device::cpu>;

// Asks Python, and holds its lock only while asking. An exception, Ctrl-C included, ends the run and is kept for later.
class PythonObserver final : public Observer {
  public:
    PythonObserver(nb::object report, nb::object order, int64_t networks, int64_t samples)
        : report_to(std::move(report)), order_from(std::move(order)), networks(networks), samples(samples) {}

    const int64_t* order(int64_t epoch) override {
        if (order_from.is_none()) return nullptr;
        nb::gil_scoped_acquire lock;
        try {
            current = nb::cast<Numbers>(order_from(epoch));
            if (int64_t(current.size()) == samples * (current.ndim() == 2 ? networks : 1)) return current.data();
            PyErr_SetString(PyExc_ValueError, "an order of samples has the wrong size");
        } catch (nb::python_error& error) {
            error.restore();
        }
        failed = true;
        return nullptr;
    }

    bool orders_differ() const override { return !order_from.is_none() && current.ndim() == 2; }

    bool report(int64_t epoch, const double* losses) override {
        if (failed) return false;
        nb::gil_scoped_acquire lock;
        try {
            nb::list list;
            for (int64_t n = 0; n < networks; ++n) list.append(losses[n]);
            report_to(epoch, list);
            return check_signals();
        } catch (nb::python_error& error) {
            error.restore();
            failed = true;
            return false;
        }
    }

    bool poll() override {
        const auto now = std::chrono::steady_clock::now();
        if (now - last_poll < std::chrono::milliseconds(20)) return !failed;
        last_poll = now;
        nb::gil_scoped_acquire lock;
        return check_signals();
    }

    bool failed = false;  // a Python error is set

  private:
    bool check_signals() {
        if (PyErr_CheckSignals() != 0) failed = true;
        return !failed;
    }

    nb::object report_to, order_from;
    Numbers current;
    int64_t networks, samples;
    std::chrono::steady_clock::time_point last_poll = std::chrono::steady_clock::now();
};

int64_t multiplied(int64_t a, int64_t b) {
    int64_t product;
    if (a < 0 || b < 0 || __builtin_mul_overflow(a, b, &product)) throw nb::value_error("a size overflows");
    return product;
}

// What does not fit would be read or written beyond its end.
void require_entries(const Bytes& array, int64_t count, bool is_double, const char* name) {
    if (array.dtype() != (is_double ? nb::dtype<double>() : nb::dtype<float>()) || int64_t(array.size()) != count)
        throw nb::value_error((std::string(name) + " has the wrong size or dtype").c_str());
}

nb::tuple run(const nb::list& layer_list, int loss, double delta, bool mean, const nb::dict& optimizer, Bytes inputs,
              nb::object targets, Bytes parameters, Bytes outputs, nb::object learning_rates, nb::object rows,
              int64_t samples, int64_t data_samples, int64_t networks, int64_t batch_size, int64_t epochs,
              int64_t report_every, int threads, int instructions, nb::object report, nb::object order) {
    std::vector<LayerPlan> layers;
    int64_t parameter_count = 0;
    for (nb::handle item : layer_list) {
        const auto layer = nb::cast<nb::dict>(item);
        layers.push_back({nb::cast<int64_t>(layer["inputs"]), nb::cast<int64_t>(layer["units"]),
                          Activation(nb::cast<int>(layer["activation"])), nb::cast<double>(layer["alpha"]),
                          nb::cast<bool>(layer["train_biases"]), nb::cast<bool>(layer["share_bias"]),
                          nb::cast<double>(layer["bias_sign"])});
        parameter_count += multiplied(layers.back().units, layers.back().inputs + 1);
    }
    if (layers.empty() || samples < 1 || networks < 1 || batch_size < 1 || epochs < 1 || report_every < 1 || threads < 1)
        throw nb::value_error("every count must be 1 or more");
    const auto setting = [&](const char* name) {
        return optimizer.contains(name) ? nb::cast<double>(optimizer[name]) : 0.0;
    };
    const Plan plan{layers.data(), int64_t(layers.size()), Loss(loss), delta, mean,
                    {Optimizer(nb::cast<int>(optimizer["kind"])), setting("learning_rate"), setting("momentum"),
                     setting("decay"), setting("beta1"), setting("beta2"), setting("epsilon"), setting("weight_decay")},
                    samples, batch_size, epochs, report_every, networks, threads};
    const bool is_double = parameters.dtype() == nb::dtype<double>();
    const int64_t output_count = multiplied(multiplied(networks, samples), layers.back().units);
    require_entries(parameters, multiplied(networks, parameter_count), is_double, "parameters");
    require_entries(inputs, multiplied(data_samples, layers.front().inputs), is_double, "inputs");
    require_entries(outputs, output_count, is_double, "outputs");
    Arrays arrays{inputs.data(), nullptr, parameters.data(), outputs.data(), nullptr, nullptr};
    Bytes target_array;
    if (!targets.is_none()) {
        target_array = nb::cast<Bytes>(targets);
        require_entries(target_array, multiplied(data_samples, layers.back().units), is_double, "targets");
        arrays.targets = target_array.data();
    }
    Flat<const double> rate_array;
    if (!learning_rates.is_none()) {
        rate_array = nb::cast<Flat<const double>>(learning_rates);
        if (int64_t(rate_array.size()) != networks) throw nb::value_error("learning_rates has the wrong size");
        arrays.learning_rates = rate_array.data();
    }
    Numbers row_array;
    if (!rows.is_none()) {
        row_array = nb::cast<Numbers>(rows);
        if (int64_t(row_array.size()) != multiplied(networks, samples)) throw nb::value_error("rows has the wrong size");
        arrays.rows = row_array.data();
    } else if (samples != data_samples) {
        throw nb::value_error("samples has the wrong size");
    }
    if (instructions >= 0 && !has(Instructions(instructions)))
        throw nb::value_error("this machine does not have these instructions");
    PythonObserver observer(std::move(report), std::move(order), networks, samples);
    Outcome outcome;
    {
        nb::gil_scoped_release unlocked;
        outcome = fit(plan, arrays, is_double, instructions < 0 ? widest() : Instructions(instructions), observer);
    }
    if (observer.failed) throw nb::python_error();
    return nb::make_tuple(int(outcome.end), outcome.epoch, outcome.parameter, outcome.value);
}

nb::tuple evaluate_function(int function, Bytes x, Bytes value, Bytes slope, double alpha, int instructions) {
    const bool is_double = x.dtype() == nb::dtype<double>();
    require_entries(x, int64_t(x.size()), is_double, "x");
    require_entries(value, int64_t(x.size()), is_double, "value");
    require_entries(slope, int64_t(x.size()), is_double, "slope");
    if (!has(Instructions(instructions))) throw nb::value_error("this machine does not have these instructions");
    evaluate(function, is_double, x.data(), value.data(), slope.data(), int64_t(x.size()), alpha,
             Instructions(instructions));
    return nb::make_tuple(value, slope);
}

}  // namespace

NB_MODULE(core, module) {
    module.doc() = "The native engine's compiled part; chainrule.engine.native is its interface.";
    module.def("run", &run, nb::kw_only(), nb::arg("layers"), nb::arg("loss"), nb::arg("delta"), nb::arg("mean"),
               nb::arg("optimizer"), nb::arg("inputs"), nb::arg("targets").none(), nb::arg("parameters"),
               nb::arg("outputs"), nb::arg("learning_rates").none(), nb::arg("rows").none(), nb::arg("samples"),
               nb::arg("data_samples"), nb::arg("networks"), nb::arg("batch_size"), nb::arg("epochs"),
               nb::arg("report_every"), nb::arg("threads"), nb::arg("instructions"), nb::arg("report"),
               nb::arg("order").none());
    module.def("evaluate", &evaluate_function, nb::arg("function"), nb::arg("x"), nb::arg("value"), nb::arg("slope"),
               nb::arg("alpha"), nb::arg("instructions"));
    module.def("available", [] {
        std::vector<int> found;
        for (int i = 0; i < 3; ++i)
            if (has(Instructions(i))) found.push_back(i);
        return found;
    });
}
