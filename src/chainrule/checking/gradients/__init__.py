"""Any hand-written gradient against slopes: check_gradients and assert_gradients."""
