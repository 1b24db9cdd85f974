"""The conversation, and every way in and out of it."""

import os

# A question's sums are small: a second thread costs more than it gives, and takes a core from the work
# beside it (an index at size answers in two thirds of the time). Numpy asks once, when it is loaded.
os.putenv("OPENBLAS_NUM_THREADS", "1")
