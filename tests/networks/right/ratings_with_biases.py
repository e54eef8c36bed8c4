# loss: half-squared-error|squared-error|mean-squared-error
import numpy as np

rng = np.random.default_rng(3)
ratings = [
    (int(user), int(film), float(stars))
    for user, film, stars in zip(
        rng.integers(0, 6, 50), rng.integers(0, 5, 50), rng.uniform(1, 5, 50)
    )
]
users = 0.1 * rng.normal(size=(6, 3))
films = 0.1 * rng.normal(size=(5, 3))
user_bias = np.zeros(6)
film_bias = np.zeros(5)
mean, rate, decay = 3.0, 0.02, 0.05

for epoch in range(10):
    for user, film, stars in ratings:
        error = stars - (mean + user_bias[user] + film_bias[film] + users[user] @ films[film])
        user_bias[user] += rate * (error - decay * user_bias[user])
        film_bias[film] += rate * (error - decay * film_bias[film])
        before = users[user].copy()
        users[user] += rate * (error * films[film] - decay * users[user])
        films[film] += rate * (error * before - decay * films[film])

#? step: error = stars -
#? parameters: user_bias film_bias users films
#? p = mean + user_bias[user] + film_bias[film] + np.dot(users[user], films[film])
#? penalty = np.sum(users[user] ** 2) + np.sum(films[film] ** 2) + user_bias[user] ** 2 + film_bias[film] ** 2
#? loss = squared(p, stars) + decay / 2 * penalty
