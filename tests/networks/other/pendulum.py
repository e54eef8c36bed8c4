"""A double-spring pendulum, positions and speeds updated in place."""
import numpy as np

position = np.array([[1.0, 0.0], [1.5, -0.5]])
velocity = np.zeros((2, 2))
mass, dt = np.array([1.0, 0.7]), 0.01
for step in range(400):
    force = np.zeros((2, 2))
    anchor = np.zeros(2)
    for k in range(2):
        away = position[k] - anchor
        length = np.linalg.norm(away)
        pull = -8.0 * (length - 1.0) * away / length
        force[k] += pull
        if k:
            force[k - 1] -= pull
        force[k] += mass[k] * np.array([0.0, -9.81]) - 0.05 * velocity[k]
        anchor = position[k]
    velocity += dt * force / mass[:, None]
    position += dt * velocity
print(position)
