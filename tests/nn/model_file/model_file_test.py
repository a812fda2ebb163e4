"""Reads and writes model files with Python's JSON alone, and rebuilds a model in PyTorch where it is installed:
model_file_test.py MODEL_FILE_TOOL [TestCase.test ...]; --list prints the tests' names."""
import array
import json
import math
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

TOOL = None


def read_safetensors(path):
    """{name: (shape, elements)} of float32 tensors."""
    with open(path, "rb") as file:
        content = file.read()
    size, = struct.unpack_from("<Q", content)
    header, data = json.loads(content[8:8 + size]), content[8 + size:]
    header.pop("__metadata__", None)
    return {name: (entry["shape"], list(array.array("f", data[slice(*entry["data_offsets"])]))) for name, entry in header.items()}


def float32(values):
    return list(array.array("f", values))


def rows(flat, width):
    return [flat[i:i + width] for i in range(0, len(flat), width)]


def layers_of(model):
    """[(type, settings, {"weight": (shape, values), ...})] of a Sequential."""
    assert model["architecture"]["type"] == "Sequential"
    layers = []
    for i, layer in enumerate(model["architecture"]["config"]["layers"]):
        own = {name.split(".")[1]: (entry["shape"], entry["values"]) for name, entry in model["weights"].items() if name.split(".")[0] == str(i)}
        layers.append((layer["type"], layer.get("config", {}), own))
    return layers


def apply(layer, x):
    """What the layer of a file makes of one example, in Python's float64."""
    kind, settings, own = layer
    values = {name: entry[1] for name, entry in own.items()}
    if kind == "Dense":
        assert settings["activation"] == "" and settings["bias"]
        weight = rows(values["weight"], settings["d_out"])
        return [sum(x[k] * weight[k][j] for k in range(settings["d_in"])) + values["bias"][j] for j in range(settings["d_out"])]
    if kind == "BatchNorm":
        return [(v - m) / math.sqrt(s + settings["epsilon"]) * w + b
                for v, m, s, w, b in zip(x, values["running_mean"], values["running_var"], values["weight"], values["bias"])]
    if kind == "LayerNorm":
        mean = sum(x) / len(x)
        variance = sum((v - mean)**2 for v in x) / len(x)
        return [(v - mean) / math.sqrt(variance + settings["epsilon"]) * w + b for v, w, b in zip(x, values["weight"], values["bias"])]
    if kind == "Tanh":
        return [math.tanh(v) for v in x]
    assert kind == "LeakyReLU", kind
    return [v if v > 0 else settings["negative_slope"] * v for v in x]


class Exchange(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="chainrule-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.model, self.other = self.path("model.json"), self.path("other")
        self.tool("save", self.model, self.other)
        with open(self.model, encoding="utf-8") as file:
            self.content = json.load(file)

    def path(self, name):
        return os.path.join(self.folder, name)

    def tool(self, *arguments):
        result = subprocess.run([TOOL, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                encoding="utf-8", timeout=300)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return float32([float(line) for line in result.stdout.split()])

    def test_weights_are_those_of_safetensors(self):
        self.assertEqual((self.content["format"], self.content["version"]), ("chainrule.model", 1))
        wanted = read_safetensors(self.other)
        del wanted["x"], wanted["y"]
        got = {name: (entry["shape"], float32(entry["values"])) for name, entry in self.content["weights"].items()}
        self.assertEqual(got, wanted)
        self.assertEqual(list(got), list(wanted))

    def test_same_predictions(self):
        tensors = read_safetensors(self.other)
        got = []
        for x in rows(tensors["x"][1], 6):
            for layer in layers_of(self.content):
                x = apply(layer, x)
            got += x
        self.assertGreater(max(map(abs, got)), 0.1)
        self.assertLess(max(abs(a - b) for a, b in zip(got, tensors["y"][1], strict=True)), 1e-5)

    def test_what_python_writes(self):
        wanted = read_safetensors(self.other)["y"][1]
        self.assertEqual(self.tool("predict", self.model, self.other), wanted)
        for name, options in (("compact", {"separators": (",", ":")}), ("sorted", {"sort_keys": True, "indent": 1})):
            again = self.path(name)
            with open(again, "w", encoding="ascii") as file:
                json.dump(self.content, file, **options)
            self.assertEqual(self.tool("predict", again, self.other), wanted)

    def test_same_predictions_torch(self):
        try:
            import torch
        except ImportError as error:
            print(f"skipped: {error}")
            self.skipTest(str(error))

        def module(kind, settings, own):
            nn = torch.nn
            made = {"Dense": lambda: nn.Linear(settings["d_in"], settings["d_out"], settings["bias"]), "Tanh": nn.Tanh,
                    "BatchNorm": lambda: nn.BatchNorm1d(settings["features"], settings["epsilon"], settings["momentum"], settings["affine"]),
                    "LayerNorm": lambda: nn.LayerNorm(settings["sizes"], settings["epsilon"], settings["affine"]),
                    "LeakyReLU": lambda: nn.LeakyReLU(settings["negative_slope"])}[kind]()
            state = {name: torch.tensor(values).reshape(shape) for name, (shape, values) in own.items()}
            if kind == "Dense":
                state["weight"] = state["weight"].T
            if kind == "BatchNorm":
                state["num_batches_tracked"] = torch.tensor(0)
            made.load_state_dict(state, strict=True)
            return made

        model = torch.nn.Sequential(*(module(*layer) for layer in layers_of(self.content))).eval()
        tensors = {name: torch.tensor(values).reshape(shape) for name, (shape, values) in read_safetensors(self.other).items()}
        with torch.no_grad():
            difference = (model(tensors["x"]) - tensors["y"]).abs().max().item()
        self.assertGreater(tensors["y"].abs().max().item(), 0.1)
        self.assertLess(difference, 1e-6)


if __name__ == "__main__":
    if sys.argv[1:] == ["--list"]:
        for name in unittest.defaultTestLoader.getTestCaseNames(Exchange):
            print(f"{Exchange.__name__}.{name}")
        sys.exit()
    TOOL = os.path.abspath(sys.argv[1])
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
