#!/usr/bin/env python3
"""Learns to tell two kinds of things apart from examples: logistic regression by gradient descent, with numpy.

In:  $INPUT_FILE_PATH                     a CSV file with a line of names; numbers, and in the last column 0 or 1
Out: $TMP_OUTPUT_DIR/model.json           the weight of each column, the bias, and how well the model does
     $TMP_OUTPUT_DIR/predictions.csv      for each example what it is and how likely the model takes it for a 1

STEPS (default 2000) and RATE (default 0.5) may be set in the recipe.
"""
import csv
import json
import os
import sys

import numpy as np


def variable(name, meaning):
    return os.environ.get(name) or sys.exit(f"{name} is not set: {meaning}")


def read_examples(path):
    with open(path, newline="", encoding="utf-8") as file:
        names, *rows = csv.reader(file)
    try:
        table = np.array(rows, dtype=float)
        values, kinds = table[:, :-1], table[:, -1]
    except (ValueError, IndexError):
        sys.exit(f"{os.path.basename(path)} is not a table of numbers under a line of names")
    if values.shape[1] == 0 or not np.isin(kinds, (0, 1)).all():
        sys.exit(f"{os.path.basename(path)}: the last column, {names[-1]}, must be 0 or 1, with numbers before it")
    return names[:-1], values, kinds


def probability(values, weights, bias):
    return 1 / (1 + np.exp(-(values @ weights + bias)))


def train(values, kinds, steps, rate):
    weights, bias = np.zeros(values.shape[1]), 0.0
    for _ in range(steps):
        error = probability(values, weights, bias) - kinds
        weights -= rate * values.T @ error / len(kinds)
        bias -= rate * error.mean()
    return weights, bias


names, values, kinds = read_examples(variable("INPUT_FILE_PATH", "this function wants a CSV file of examples"))
output = variable("TMP_OUTPUT_DIR", "it names the folder that is uploaded")

# Columns of one size learn at one speed. A column that is always the same has nothing to teach.
mean, spread = values.mean(axis=0), values.std(axis=0)
spread[spread == 0] = 1
scaled = (values - mean) / spread
weights, bias = train(scaled, kinds, int(os.environ.get("STEPS", 2000)), float(os.environ.get("RATE", 0.5)))
likely = probability(scaled, weights, bias)
right = int(((likely >= 0.5) == kinds).sum())

# Rounded, because processors and linear algebra libraries differ in the last digits.
model = {
    "weights": {name: round(float(weight), 3) for name, weight in zip(names, weights / spread)},
    "bias": round(float(bias - (weights * mean / spread).sum()), 3),
    "examples": len(kinds),
    "right": right,
}
with open(os.path.join(output, "model.json"), "w", encoding="utf-8") as file:
    json.dump(model, file, indent=2)
    file.write("\n")
with open(os.path.join(output, "predictions.csv"), "w", newline="", encoding="utf-8") as file:
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow(["kind", "probability"])
    rows.writerows([int(kind), f"{chance:.3f}"] for kind, chance in zip(kinds, likely))
print(f"{right} of {len(kinds)} examples told apart")
