"""Programs that train nothing by themselves: what they define is trained, what they compute is judged."""
