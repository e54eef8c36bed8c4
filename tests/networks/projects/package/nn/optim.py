class SGD:
    def __init__(self, layers, lr):
        self.layers = layers
        self.lr = lr

    def step(self):
        for layer in self.layers:
            layer.W = layer.W - self.lr * layer.dW
            #~ sign-error: layer.W = layer.W + self.lr * layer.dW
            #~ update-missing @ 0,+1: W = layer.W - self.lr * layer.dW
            layer.b = layer.b - self.lr * layer.db
            #~ learning-rate-twice: layer.b = layer.b - self.lr * self.lr * layer.db
            #~ update-missing also: b = layer.b - self.lr * layer.db
