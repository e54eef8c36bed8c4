class Perceptron:
    def __init__(self, inputs, rate=0.2):
        self.weights = [0.0] * inputs
        self.bias = 0.0
        self.rate = rate

    def predict(self, inputs):
        return 1 if sum(w * i for w, i in zip(self.weights, inputs)) + self.bias > 0 else 0

    def train(self, data, epochs):
        for _ in range(epochs):
            for inputs, wanted in data:
                error = wanted - self.predict(inputs)
                for k in range(len(inputs)):
                    self.weights[k] += self.rate * error * inputs[k]
                self.bias += self.rate * error


gate = Perceptron(2)
gate.train([([0, 0], 0), ([0, 1], 1), ([1, 0], 1), ([1, 1], 1)], 15)
print(gate.weights, gate.bias)
