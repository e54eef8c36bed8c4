"""Whether updates follow the gradient of a loss, in any of the forms that optimizers give them."""
