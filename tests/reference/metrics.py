#!/usr/bin/python3
"""Writes metrics.json, reference values of metrics for tests/nn/metrics/metrics_test.cpp. Requires Python 3 only.

It does not call scikit-learn but computes, in fractions, what its documentation defines: precision_recall_fscore_support with
zero_division=0 (macro over the labels that occur among the true or the predicted), top_k_accuracy_score, r2_score with
multioutput="uniform_average" and force_finite=True, mean_squared_error, mean_absolute_error. Two choices are chainrule's: of equal scores
the first class goes first, and NaN, written as null, goes before every number. All numbers are multiples of 1/64, so that float32 holds
them exactly.
"""
import json
import pathlib
import random
from fractions import Fraction

RANDOM = random.Random(11)
NAN = None


def order(row):
    """The classes, best first."""
    return sorted(range(len(row)), key=lambda c: (0, 0, c) if row[c] is NAN else (1, -row[c], c))


def ratio(a, b):
    return Fraction(a, b) if b else Fraction(0)


def f1_of(precision, recall):
    return 2 * precision * recall / (precision + recall) if precision + recall else Fraction(0)


def classification(name, scores, labels):
    classes, n = len(scores[0]), len(labels)
    orders = [order(row) for row in scores]
    predicted = [best[0] for best in orders]
    per_class = {"precision": [], "recall": [], "f1": []}
    support = [labels.count(c) for c in range(classes)]
    for c in range(classes):
        right = sum(p == c and y == c for p, y in zip(predicted, labels))
        precision, recall = ratio(right, predicted.count(c)), ratio(right, support[c])
        per_class["precision"].append(precision)
        per_class["recall"].append(recall)
        per_class["f1"].append(f1_of(precision, recall))
    occurring = sorted(set(labels) | set(predicted))
    share = Fraction(sum(p == y for p, y in zip(predicted, labels)), n)
    case = {"name": name, "shape": [n, classes], "scores": [x for row in scores for x in row], "labels": labels, "accuracy": float(share),
            "top": [float(Fraction(sum(y in best[:k] for y, best in zip(labels, orders)), n)) for k in range(1, classes + 2)],
            "support": support}
    for which, values in per_class.items():
        # Of all classes together each false positive is another's false negative, so that all three are the share of right ones.
        case[which] = {"classes": [float(v) for v in values],
                       "macro": float(sum((values[c] for c in occurring), Fraction(0)) / len(occurring)),
                       "micro": float(share),
                       "weighted": float(sum((s * v for s, v in zip(support, values)), Fraction(0)) / n)}
        if classes == 2:
            case[which]["binary"] = float(values[1])
    return case


def r2_of(prediction, target):
    n = len(target)
    mean = Fraction(sum(target), n)
    residual = sum(((y - p) ** 2 for p, y in zip(prediction, target)), Fraction(0))
    spread = sum(((y - mean) ** 2 for y in target), Fraction(0))
    if residual == 0:
        return Fraction(1)
    return 1 - residual / spread if spread else Fraction(0)


def regression(name, prediction, target):
    """Rows of columns."""
    n, columns = len(target), len(target[0])
    p = [[Fraction(x) for x in row] for row in prediction]
    y = [[Fraction(x) for x in row] for row in target]
    errors = [a - b for rows in zip(p, y) for a, b in zip(*rows)]
    r2 = [r2_of([row[c] for row in p], [row[c] for row in y]) for c in range(columns)] if n > 1 else None
    return {"name": name, "shape": [n, columns], "prediction": sum(prediction, []), "target": sum(target, []),
            "mse": float(sum(e * e for e in errors) / len(errors)), "mae": float(sum(abs(e) for e in errors) / len(errors)),
            "r2": float(sum(r2) / columns) if r2 else None}


def draw(scale=64):
    return RANDOM.randint(-2 * scale, 2 * scale) / 64


def rows(n, d, scale=64):
    return [[draw(scale) for _ in range(d)] for _ in range(n)]


def main():
    classifications = [
        classification("random", rows(40, 5), [RANDOM.randrange(5) for _ in range(40)]),
        classification("many ties", [[RANDOM.randint(0, 2) for _ in range(6)] for _ in range(60)], [RANDOM.randrange(6) for _ in range(60)]),
        classification("a class neither labelled nor predicted", [[1, 0, 0, -9], [0, 1, 0, -9], [0, 0, 1, -9], [1, 0, 0, -9]], [0, 1, 1, 2]),
        classification("a class only labelled", [[2, 1, 0], [2, 1, 0], [1, 2, 0], [1, 2, 0]], [0, 2, 1, 2]),
        classification("a class only predicted", [[2, 1, 0], [0, 1, 2], [1, 2, 0], [0, 1, 2]], [0, 1, 1, 0]),
        classification("all wrong", [[1, 0, 0], [0, 1, 0], [0, 0, 1]], [1, 2, 0]),
        classification("all right", [[1, 0, 0], [0, 1, 0], [0, 0, 1]], [0, 1, 2]),
        classification("one class only", [[3, 1], [2, 1], [1, 0]], [0, 0, 0]),
        classification("classes of one", [[0.5], [-1]], [0, 0]),
        classification("one example", [[0, 0, 1]], [1]),
        classification("two classes", rows(30, 2), [RANDOM.randrange(2) for _ in range(30)]),
        classification("NaN", [[0, NAN, 5], [NAN, NAN, NAN], [NAN, 1, 2], [1, 2, NAN], [3, 2, 1], [NAN, 7, NAN], [9, 1, NAN], [2, NAN, 1]],
                       [1, 1, 2, 2, 0, 2, 0, 0]),
    ]
    regressions = [
        regression("random", rows(30, 1), rows(30, 1)),
        regression("columns", rows(25, 7), rows(25, 7)),
        regression("exact", [[1, 2], [3, 4], [5, 7]], [[1, 2], [3, 4], [5, 7]]),
        regression("a constant column, met and missed", [[2, 1, 5], [2, 2, 6], [2, 3, 7]], [[2, 4, 5], [2, 4, 7], [2, 4, 6]]),
        regression("worse than the mean", [[9], [-9], [9]], [[1], [2], [3]]),
        regression("far from 0", [[4096 + x / 64] for x in range(20)], [[4096 + x * x / 64] for x in range(20)]),
        regression("one example", [[1, 2, 3, 4, 5]], [[2, 2, 2, 2, 2]]),
    ]
    lines = [json.dumps(case) for case in classifications], [json.dumps(case) for case in regressions]
    text = '{"classification": [\n' + ",\n".join(lines[0]) + '],\n"regression": [\n' + ",\n".join(lines[1]) + "]}\n"
    pathlib.Path(__file__).with_name("metrics.json").write_text(text)


main()
