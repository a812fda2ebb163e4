"""Exchanges safetensors files with a reader and writer made from the format's description alone, and with PyTorch where it is installed:
safetensors_test.py SAFETENSORS_TOOL [TestCase.test ...]; --list prints the tests' names."""
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
CODES = {"F32": "f", "F64": "d", "I64": "q", "I32": "i", "I16": "h", "I8": "b", "U8": "B", "BOOL": "B", "F16": "e", "BF16": "H"}
NAMES = {"F32": "float32", "F16": "float32", "BF16": "float32", "F64": "float64"}  # as C++ has them; the others are int64


def read(path):
    """{name: (dtype, shape, elements)} and the metadata, all bytes accounted for."""
    with open(path, "rb") as file:
        content = file.read()
    size, = struct.unpack_from("<Q", content)
    assert size % 8 == 0 and content[8:9] == b"{", "the data is not aligned"
    header = json.loads(content[8:8 + size].decode("utf-8"))
    metadata = header.pop("__metadata__", {})
    data, tensors, taken = content[8 + size:], {}, 0
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        element = struct.calcsize("<" + CODES[entry["dtype"]])
        assert begin % element == 0 and end - begin == math.prod(entry["shape"]) * element, name
        tensors[name] = entry["dtype"], entry["shape"], list(struct.unpack(f"<{(end - begin) // element}{CODES[entry['dtype']]}", data[begin:end]))
        taken += end - begin
    assert taken == len(data), "bytes that belong to no tensor"
    return tensors, metadata


def write(path, tensors, metadata=None):
    header, data = ({"__metadata__": metadata} if metadata else {}), b""
    for name, (dtype, shape, elements) in tensors.items():
        packed = struct.pack(f"<{len(elements)}{CODES[dtype]}", *elements)
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(packed)]}
        data += packed
    text = json.dumps(header).encode("ascii")
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def float32(values):
    return list(array.array("f", values))


class Exchange(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="chainrule-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def tool(self, *arguments):
        result = subprocess.run([TOOL, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                encoding="utf-8", timeout=300)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return [json.loads(line) for line in result.stdout.splitlines()]

    def dump(self, path):
        *tensors, metadata = self.tool("dump", path)
        return tensors, metadata

    def test_what_cpp_writes(self):
        path = self.path("w.safetensors")
        self.tool("write", path)
        tensors, metadata = read(path)
        self.assertEqual(metadata, {"note": 'a "b"\n重み'})
        self.assertEqual(tensors, {
            "f32": ("F32", [2, 3], float32([1.5, -2, 0.1, 1e-45, 3e38, 0])),
            "f64": ("F64", [2], [0.1, -1e300]),
            "i64": ("I64", [3, 1], [-2**63, 2**63 - 1, -1]),
            "scalar": ("F32", [], [2]),
            "empty": ("F32", [0, 4], []),
            '"weight" 重み': ("F32", [1], [7]),
        })
        self.assertEqual(list(tensors), ["f32", "f64", "i64", "scalar", "empty", '"weight" 重み'])

    def test_what_python_writes(self):
        path = self.path("w.safetensors")
        tensors = {
            "f32": ("F32", [2, 2], float32([0.1, -0.0, 1e-40, 3e38])),
            "odd": ("I8", [3], [-128, 0, 127]),
            "f64 unaligned": ("F64", [1, 2], [0.1, 5e-324]),
            "f16": ("F16", [4], [1.5, -65504, 2**-24, 0.333251953125]),
            "bf16": ("BF16", [2], [0x3F80, 0xC049]),
            "i64": ("I64", [2], [-2**63, 2**63 - 1]),
            "i32": ("I32", [1], [-2**31]),
            "i16": ("I16", [1], [-2**15]),
            "u8": ("U8", [2, 0], []),
            "bool": ("BOOL", [], [1]),
            "重み\n": ("U8", [1, 1, 1, 1, 1, 1, 1, 1], [255]),
        }
        write(path, tensors, {"format": "pt", "重み": "\u0000"})
        found, metadata = self.dump(path)
        self.assertEqual(metadata, {"format": "pt", "重み": "\u0000"})
        expected = [[name, NAMES.get(dtype, "int64"), shape, [1, -3.140625] if dtype == "BF16" else elements]
                    for name, (dtype, shape, elements) in tensors.items()]
        self.assertEqual(found, expected)

    def test_saved_model(self):
        plain, pytorch, other = self.path("plain"), self.path("pytorch"), self.path("other")
        self.tool("save", plain, pytorch, other)
        ours, theirs = read(plain)[0], read(pytorch)[0]
        self.assertEqual(read(pytorch)[1]["format"], "pt")
        self.assertEqual([theirs.pop(name) for name in list(theirs) if name not in ours], [("I64", [], [0])])
        self.assertEqual(list(ours), list(theirs))
        for name, (dtype, shape, elements) in ours.items():
            if name in ("0.weight", "3.weight", "6.weight"):
                rows, columns = shape
                elements = [elements[i * columns + j] for j in range(columns) for i in range(rows)]
                shape = [columns, rows]
            self.assertEqual(theirs[name], (dtype, shape, elements), name)
        self.assertEqual(ours["0.weight"][1], [6, 5])
        self.assertEqual(ours["1.running_mean"][1], [5])
        _, shape, x = read(other)[0]["x"]
        write(self.path("again"), {"x": ("F32", shape, x)})
        self.tool("predict", pytorch, self.path("again"), self.path("out"))
        self.assertEqual(read(self.path("out"))[0]["y"], read(other)[0]["y"])

    def test_same_predictions_torch(self):
        try:
            import torch
        except ImportError as error:
            print(f"skipped: {error}")
            self.skipTest(str(error))
        dtypes = {"F32": torch.float32, "I64": torch.int64}

        def load(path):
            return {name: torch.tensor(elements, dtype=dtypes[dtype]).reshape(shape) for name, (dtype, shape, elements) in read(path)[0].items()}

        def model():
            nn = torch.nn
            return nn.Sequential(nn.Linear(6, 5), nn.BatchNorm1d(5), nn.Tanh(), nn.Linear(5, 5), nn.LayerNorm(5), nn.ReLU(), nn.Linear(5, 3))

        plain, pytorch, other = self.path("plain"), self.path("pytorch"), self.path("other")
        self.tool("save", plain, pytorch, other)
        torch.manual_seed(0)
        ours = model()
        ours.load_state_dict(load(pytorch), strict=True)
        ours.eval()
        data = load(other)
        with torch.no_grad():
            difference = (ours(data["x"]) - data["y"]).abs().max().item()
        self.assertGreater(data["y"].abs().max().item(), 0.1)
        self.assertLess(difference, 1e-6)

        # And back: a model of PyTorch's own, trained a little.
        theirs = model()
        optimizer = torch.optim.SGD(theirs.parameters(), lr=0.1)
        for _ in range(5):
            optimizer.zero_grad()
            theirs(torch.randn(32, 6) * 2 + 1).square().mean().backward()
            optimizer.step()
        theirs.eval()
        names = {dtype: name for name, dtype in dtypes.items()}
        write(self.path("theirs"), {name: (names[value.dtype], list(value.shape), value.flatten().tolist())
                                    for name, value in theirs.state_dict().items()})
        self.tool("predict", self.path("theirs"), other, self.path("out"))
        with torch.no_grad():
            difference = (theirs(data["x"]) - load(self.path("out"))["y"]).abs().max().item()
        self.assertLess(difference, 1e-6)


if __name__ == "__main__":
    if sys.argv[1:] == ["--list"]:
        for name in unittest.defaultTestLoader.getTestCaseNames(Exchange):
            print(f"{Exchange.__name__}.{name}")
        sys.exit()
    TOOL = os.path.abspath(sys.argv[1])
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
