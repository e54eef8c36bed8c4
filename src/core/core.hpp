// The core as its callers see it: threads, memory, and the instruction set that this machine has.

#pragma once

#include "plan.hpp"

namespace chainrule {

enum class Instructions { plain, avx2, avx512 };

// Whether this binary and this machine have them.
bool has(Instructions instructions);

// The widest that this machine has.
Instructions widest();

// Runs a plan in float or double. Safe to call from several threads at once.
Outcome fit(const Plan& plan, const Arrays& arrays, bool is_double, Instructions instructions, Observer& observer);

// An activation's value and slope, as the core computes them; function -1 is the logarithm.
void evaluate(int function, bool is_double, const void* x, void* value, void* slope, int64_t count, double alpha,
              Instructions instructions);

}  // namespace chainrule
