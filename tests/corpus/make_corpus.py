#!/usr/bin/env python3
"""Writes malformed files of all formats except JSON, and a list of their faults: make_corpus.py [--check].

Each folder's faults.txt has a line `file: fault: expected part of the message` for each file; those named whole have no fault. With
--check nothing is written, and what is there has to be what would be.
"""

import struct
import sys
import zlib
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


class Corpus:
    """The files of one format by name, and the lines that tell of their faults."""

    def __init__(self):
        self.files = {}
        self.faults = ["# file: fault: expected part of the message"]

    def whole(self, name, content):
        assert name not in self.files, name
        self.files[name] = content

    def add(self, name, fault, message, content):
        self.whole(name, content)
        self.faults.append(f"{name}: {fault}: {message}")

    def contents(self):
        return {**self.files, "faults.txt": ("\n".join(self.faults) + "\n").encode()}


# ---- IDX: whole files, and images and labels that belong together


def idx_header(*shape, kind=8, rank=None):
    return bytes([0, 0, kind, len(shape) if rank is None else rank]) + b"".join(struct.pack(">I", size) for size in shape)


def idx(*shape):
    count = 1
    for size in shape:
        count *= size
    return idx_header(*shape) + bytes(i % 10 for i in range(count))


def make_idx():
    corpus = Corpus()
    corpus.whole("whole_images.idx", idx(3, 2, 2))
    corpus.whole("whole_labels.idx", idx(3))
    add = corpus.add
    add("empty.idx", "no bytes at all", "byte 0: empty, expected an IDX header", b"")
    add("one_byte.idx", "ends within the mark",
        "byte 1: ends inside the IDX header, expected 4 bytes and 4 more for each dimension", b"\0")
    add("only_mark.idx", "ends after the mark", "byte 4: ends inside the IDX header, expected 8 bytes of it", b"\0\0\x08\x01")
    add("cut_sizes.idx", "ends within the sizes", "byte 13: ends inside the IDX header, expected 16 bytes of it", idx(3, 2, 2)[:13])
    add("png.idx", "a picture", "byte 0: found 89 50, expected 00 00, the start of an IDX file", b"\x89PNG\r\n\x1a\n" + bytes(16))
    add("text.idx", "numbers as text", "byte 0: found 35 20, expected 00 00, the start of an IDX file", b"5 0 4 1 9 2 1 3 1 4\n")
    add("one_zero.idx", "one zero byte in front instead of two", "byte 0: found 00 08, expected 00 00, the start of an IDX file", idx(3)[1:])
    add("three_zeros.idx", "a zero byte too many in front",
        "byte 2: found element type 0x00 (unknown), expected 0x08 (uint8)", b"\0" + idx(3))
    add("little_mark.idx", "the mark with its bytes in reverse order",
        "byte 0: found 01 08, expected 00 00, the start of an IDX file", b"\x01\x08\0\0" + idx(3)[4:])
    add("little_sizes.idx", "sizes with their bytes in reverse order",
        "byte 4: declares 50331648 items, but the file holds 3", b"\0\0\x08\x01\x03\0\0\0\x05\0\x04")
    add("int8.idx", "bytes with a sign",
        "byte 2: found element type 0x09 (int8), expected 0x08 (uint8)", idx_header(3, kind=9) + bytes(3))
    add("int16.idx", "integers of 2 bytes",
        "byte 2: found element type 0x0b (int16), expected 0x08 (uint8)", idx_header(3, kind=11) + bytes(6))
    add("int32.idx", "integers of 4 bytes",
        "byte 2: found element type 0x0c (int32), expected 0x08 (uint8)", idx_header(3, kind=12) + bytes(12))
    add("float.idx", "floats", "byte 2: found element type 0x0d (float), expected 0x08 (uint8)", idx_header(3, kind=13) + bytes(12))
    add("double.idx", "doubles",
        "byte 2: found element type 0x0e (double), expected 0x08 (uint8)", idx_header(3, kind=14) + bytes(24))
    add("no_type.idx", "an element type that the format does not know",
        "byte 2: found element type 0xff (unknown), expected 0x08 (uint8)", idx_header(3, kind=255) + bytes(3))
    add("rank_0.idx", "no dimensions", "byte 3: found rank 0, expected at least one dimension", idx_header() + b"\x05")
    add("rank_255.idx", "more dimensions than sizes",
        "byte 18: ends inside the IDX header, expected 1024 bytes of it", idx_header(1, 1, 2, rank=255) + bytes(2))
    add("no_items.idx", "no items", "byte 4: dimension 0 is 0, expected at least 1", idx_header(0))
    add("no_columns.idx", "items without elements", "byte 12: dimension 2 is 0, expected at least 1", idx_header(3, 28, 0))
    add("no_data.idx", "ends after the sizes",
        "byte 4: declares 3 items of 4 (12 bytes), but the file holds 0 bytes", idx_header(3, 4))
    add("one_short.idx", "a byte of the elements is missing",
        "byte 4: declares 3 items of 4 (12 bytes), but the file holds 11 bytes", idx(3, 4)[:-1])
    add("one_long.idx", "a byte after the elements",
        "byte 4: declares 3 items of 4 (12 bytes), but the file holds 13 bytes", idx(3, 4) + b"\0")
    add("two_arrays.idx", "another array after the first", "byte 4: declares 3 items, but the file holds 14", idx(3) + idx(3))
    add("hollow.idx", "declares 4 GiB without a byte of them",
        "byte 4: declares 4294967295 items, but the file holds 0", idx_header(4294967295))
    add("beyond_limit.idx", "declares more than is read",
        "byte 4: declares 4294967295x2 bytes, expected at most 4294967296", idx_header(4294967295, 2))
    add("wraps_to_0.idx", "sizes whose product is 0 in 64 bits",
        "byte 4: declares 2147483648x2147483648x4 bytes, expected at most 4294967296", idx_header(1 << 31, 1 << 31, 4))
    add("wraps_to_1.idx", "sizes whose product is 1 in 64 bits, which is there",
        "byte 4: declares 641x6700417x4294967295x641x6700417x4294967295 bytes, expected at most 4294967296",
        idx_header(641, 6700417, 4294967295, 641, 6700417, 4294967295) + b"\0")
    add("images_without_rows.idx", "images that are not of two dimensions", "byte 3: found rank 2, expected 3", idx(3, 4))
    add("images_with_channels.idx", "images of three dimensions", "byte 3: found rank 4, expected 3", idx(3, 2, 2, 3))
    add("labels_are_images.idx", "images where labels belong", "byte 3: found rank 3, expected 1", idx(3, 2, 2))
    add("labels_missing.idx", "fewer labels than images", "byte 4: declares 2 labels, but", idx(2))
    add("labels_too_many.idx", "more labels than images", "byte 4: declares 4 labels, but", idx(4))
    add("labels_up_to_10.idx", "a label that is the number of classes",
        "byte 10: label is 10, expected 0 to 9", idx_header(3) + b"\x09\x00\x0a")
    add("labels_of_ascii.idx", "labels as letters", "byte 8: label is 53, expected 0 to 9", idx_header(3) + b"504")
    add("test_images_size.idx", "test images of another size than the others", "byte 12: images are 2x3, but", idx(2, 2, 3))
    add("test_labels_missing.idx", "fewer test labels than test images", "byte 4: declares 1 labels, but", idx(1))
    return corpus


# ---- gzip: around the IDX array of 4 bytes, made bit by bit, since compressors differ between versions


class Bits:
    """Bits of a deflate stream, the first one lowest in its byte."""

    def __init__(self):
        self.value = []

    def put(self, number, count):
        self.value += [number >> i & 1 for i in range(count)]
        return self

    def code(self, number, count):
        """Huffman codes go with their highest bit first."""
        self.value += [number >> i & 1 for i in reversed(range(count))]
        return self

    def bytes(self):
        return b"".join(
            bytes([sum(bit << i for i, bit in enumerate(self.value[at:at + 8]))]) for at in range(0, len(self.value), 8))


def stored(data, last=True):
    return bytes([int(last)]) + struct.pack("<HH", len(data), len(data) ^ 0xFFFF) + data


def fixed():
    return Bits().put(1, 1).put(1, 2)


def dynamic(lengths, distances=(1,), code_lengths=(4,) * 16 + (0, 0, 0), told=True):
    """The start of a block of codes of its own, up to the lengths of the codes or with them, each in 4 bits."""
    order = (16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15)
    bits = Bits().put(1, 1).put(2, 2).put(len(lengths) - 257, 5).put(max(len(distances), 1) - 1, 5).put(len(order) - 4, 4)
    for symbol in order:
        bits.put(code_lengths[symbol], 3)
    for length in (*lengths, *distances) if told else ():
        bits.code(length, 4)
    return bits


def code_lengths_of(**lengths):
    return [lengths.get(f"s{symbol}", 0) for symbol in range(286)]


def gzip_header(flags=0, method=8):
    return bytes([0x1F, 0x8B, method, flags, 0, 0, 0, 0, 0, 3])


def trailer(data):
    return struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF)


def gzip(data, flags=0, fields=b""):
    return gzip_header(flags) + fields + stored(data) + trailer(data)


def bomb(start, zeros):
    """A stream of `start` and about so many zeros, of 2 bits for each 258."""
    copies = zeros // 258
    bits = dynamic(code_lengths_of(s0=2, s256=2, s285=1))
    bits.code(2, 2)  # a zero to copy
    bits.value += [0, 0] * copies
    bits.code(3, 2)
    content = start + bytes(1 + 258 * copies)
    return gzip_header() + stored(start, last=False) + bits.bytes() + trailer(content)


def make_gz():
    corpus = Corpus()
    content = idx(4)
    good = gzip(content)
    corpus.whole("whole.gz", good)
    add = corpus.add
    add("empty.gz", "no bytes at all", "byte 0: empty, expected an IDX header", b"")
    add("plain.gz", "not compressed", "byte 0: found 00 00, expected 1f 8b (gzip) because its name ends in .gz", content)
    add("one_byte.gz", "ends within the mark", "byte 0: found 1f, expected 1f 8b (gzip) because its name ends in .gz", b"\x1f")
    add("zlib.gz", "zlib's wrapper instead of gzip's",
        "byte 0: found 78 01, expected 1f 8b (gzip) because its name ends in .gz",
        b"\x78\x01" + stored(content) + struct.pack(">I", zlib.adler32(content)))
    add("only_mark.gz", "ends after the mark", "compressed byte 2: the gzip stream ends early, with 0 bytes inflated", b"\x1f\x8b")
    add("cut_header.gz", "ends within the header", "compressed byte 7: the gzip stream ends early, with 0 bytes inflated", good[:7])
    add("only_header.gz", "ends after the header",
        "compressed byte 10: the gzip stream ends early, with 0 bytes inflated", good[:10])
    add("method.gz", "another method than deflate",
        "compressed byte 4: damaged gzip stream: unknown compression method, with 0 bytes inflated",
        gzip_header(method=7) + good[10:])
    add("flags.gz", "flags that the format reserves",
        "compressed byte 4: damaged gzip stream: unknown header flags set, with 0 bytes inflated",
        gzip_header(flags=0xE0) + good[10:])
    add("long_field.gz", "an extra field longer than the file",
        "compressed byte 37: the gzip stream ends early, with 0 bytes inflated", gzip(content, 4, b"\xff\xff"))
    add("endless_name.gz", "a name without end",
        "compressed byte 43: the gzip stream ends early, with 0 bytes inflated", gzip_header(8) + b"t10k-labels" * 3)
    add("endless_comment.gz", "a comment without end",
        "compressed byte 46: the gzip stream ends early, with 0 bytes inflated", gzip_header(16) + b"made by hand" * 3)
    add("header_check.gz", "a header with a wrong check",
        "compressed byte 12: damaged gzip stream: header crc mismatch, with 0 bytes inflated", gzip(content, 2, b"\x12\x34"))
    add("block_type.gz", "a block of the type that does not exist",
        "compressed byte 11: damaged gzip stream: invalid block type, with 0 bytes inflated",
        gzip_header() + Bits().put(1, 1).put(3, 2).bytes() + bytes(16))
    add("stored_length.gz", "a stored block whose length and complement differ",
        "compressed byte 15: damaged gzip stream: invalid stored block lengths, with 0 bytes inflated",
        gzip_header() + b"\x01\x0c\x00\x0c\x00" + content + trailer(content))
    add("stored_cut.gz", "ends within a stored block",
        "compressed byte 20: the gzip stream ends early, with 5 bytes inflated", good[:20])
    add("no_last_block.gz", "no block is the last",
        "compressed byte 27: the gzip stream ends early, with 12 bytes inflated", gzip_header() + stored(content, last=False))
    add("fixed_cut.gz", "ends within a compressed block",
        "compressed byte 13: the gzip stream ends early, with 2 bytes inflated",
        gzip_header() + fixed().code(0x30, 8).code(0x30, 8).bytes())
    add("length_code.gz", "a length code that does not exist",
        "compressed byte 12: damaged gzip stream: invalid literal/length code, with 0 bytes inflated",
        gzip_header() + fixed().code(0b11000110, 8).bytes() + bytes(8))
    add("distance_code.gz", "a distance code that does not exist",
        "compressed byte 13: damaged gzip stream: invalid distance code, with 1 bytes inflated",
        gzip_header() + fixed().code(0x30, 8).code(1, 7).code(30, 5).bytes() + bytes(8))
    add("too_far_back.gz", "a copy of what was before the beginning",
        "compressed byte 13: damaged gzip stream: invalid distance too far back, with 1 bytes inflated",
        gzip_header() + fixed().code(0x30, 8).code(1, 7).code(1, 5).bytes() + bytes(8))
    add("too_many_codes.gz", "a block of more codes than there can be",
        "compressed byte 13: damaged gzip stream: too many length or distance symbols, with 0 bytes inflated",
        gzip_header() + Bits().put(1, 1).put(2, 2).put(31, 5).put(31, 5).put(0, 4).bytes() + bytes(8))
    add("code_lengths.gz", "lengths whose own code is impossible",
        "compressed byte 20: damaged gzip stream: invalid code lengths set, with 0 bytes inflated",
        gzip_header() + dynamic(code_lengths_of(s0=1, s256=1), code_lengths=(1,) * 19).bytes())
    add("repeated_length.gz", "repeats a length before there is one",
        "compressed byte 20: damaged gzip stream: invalid bit length repeat, with 0 bytes inflated",
        gzip_header() + dynamic([0] * 257, (), (0,) * 16 + (1, 1, 0), told=False).put(0, 8).bytes() + bytes(8))
    add("no_end_code.gz", "a block without a code for its end",
        "compressed byte 163: damaged gzip stream: invalid code -- missing end-of-block, with 0 bytes inflated",
        gzip_header() + dynamic(code_lengths_of(s0=1, s1=1)).bytes() + bytes(8))
    add("literal_codes.gz", "more short codes for literals than there can be",
        "compressed byte 163: damaged gzip stream: invalid literal/lengths set, with 0 bytes inflated",
        gzip_header() + dynamic(code_lengths_of(s0=1, s1=1, s256=1)).bytes() + bytes(8))
    add("distance_codes.gz", "more short codes for distances than there can be",
        "compressed byte 164: damaged gzip stream: invalid distances set, with 0 bytes inflated",
        gzip_header() + dynamic(code_lengths_of(s0=1, s256=1), (1, 1, 1)).bytes() + bytes(8))
    add("no_trailer.gz", "ends before the checksum",
        "compressed byte 27: the gzip stream ends early, with 12 bytes inflated", good[:-8])
    add("cut_trailer.gz", "ends within the length after the checksum",
        "compressed byte 33: the gzip stream ends early, with 12 bytes inflated", good[:-2])
    add("checksum.gz", "a wrong checksum",
        "compressed byte 31: damaged gzip stream: incorrect data check, with 12 bytes inflated",
        good[:-8] + b"\0\0\0\0" + good[-4:])
    add("length.gz", "a wrong length after a right checksum",
        "compressed byte 35: damaged gzip stream: incorrect length check, with 12 bytes inflated", good[:-4] + b"\x0d\0\0\0")
    add("other_content.gz", "content that the checksum does not belong to",
        "compressed byte 31: damaged gzip stream: incorrect data check, with 12 bytes inflated",
        good.replace(content, idx(4)[:-1] + b"\x09"))
    add("goes_on.gz", "bytes after the end that are no stream",
        "compressed byte 35: found 00 00 after the gzip stream, expected the end of the file or another gzip stream (1f 8b), "
        "with 12 bytes inflated",
        good + b"\0\0\0")
    add("second_cut.gz", "a second stream that ends within its header",
        "compressed byte 40: the gzip stream ends early, with 12 bytes inflated", good + good[:5])
    add("second_method.gz", "a second stream of another method",
        "compressed byte 39: damaged gzip stream: unknown compression method, with 12 bytes inflated",
        good + gzip_header(method=0) + good[10:])
    add("second_content.gz", "a second stream with content after the end of the array",
        "byte 4: declares 4 items, but the file holds more", good + gzip(b"\0"))
    add("twice.gz", "compressed twice", "byte 0: found 1f 8b, expected 00 00, the start of an IDX file", gzip(good))
    add("no_content.gz", "thousands of streams without content", "byte 0: empty, expected an IDX header", gzip(b"") * 3000)
    add("short.gz", "less content than the array declares", "byte 4: declares 4 items, but the file holds 3", gzip(content[:-1]))
    add("bomb_of_items.gz", "inflates to 64 MB, declares 10 bytes",
        "byte 4: declares 10 items, but the file holds more", bomb(idx(10), 64 << 20))
    add("bomb_of_size.gz", "declares 4 GB, more than its bytes can inflate to",
        "byte 4: declares 4000000000 items, but 1201 compressed bytes cannot hold more than 1239432 bytes",
        bomb(idx_header(4000000000), 1 << 20))
    add("bomb_cut_short.gz", "declares a little more than the 12 MB that it inflates to",
        "byte 4: declares 12288 items of 1024 (12582912 bytes), but the file holds 12581887 bytes",
        bomb(idx_header(12 * 1024, 1024), (12 << 20) - 1024))
    add("bomb_with_checksum.gz", "inflates to the 12 MB that it declares, with a wrong checksum",
        "compressed byte 12373: damaged gzip stream: incorrect data check, with 12582927 bytes inflated",
        bomb(idx_header(258 * 48771 + 1), 258 * 48771)[:-8] + bytes(8))
    return corpus


# ---- CSV: read_csv() with defaults, with the column "label" as label, and read_mnist_csv()


def make_csv():
    corpus = Corpus()
    corpus.whole("whole.csv", b"a,b\n1,2\n3,4\n")
    corpus.whole("whole_small.csv", b"a,b\n1,1e-60\n")

    def add(name, fault, message, text):
        corpus.add(name, fault, message, text if isinstance(text, bytes) else text.encode())

    add("empty.csv", "no bytes at all", "1:1: the file holds no rows", "")
    add("blank_lines.csv", "nothing but blank lines", "4:1: the file holds no rows", "\n\r\n\n")
    add("only_mark.csv", "nothing but a byte order mark", "1:1: the file holds no rows", b"\xef\xbb\xbf")
    add("only_header.csv", "no rows after the header", "2:1: the file holds no rows after its header", "a,b\n")
    add("carriage_returns.csv", "lines that end with CR alone, which make one line",
        "1:1: the file holds no rows after its header: the lines end with CR alone, expected LF or CRLF", "a,b\r1,2\r3,4\r")
    add("short_row.csv", "a row with a cell less", "3:2: the row has 1 cell, expected 2", "a,b\n1,2\n3\n")
    add("long_row.csv", "a row with a cell more", "3:3: the row has 3 cells, expected 2", "a,b\n1,2\n3,4,5\n")
    add("delimiter_at_end.csv", "rows that end with a delimiter", "2:3: the row has 3 cells, expected 2", "a,b\n1,2,\n3,4,\n")
    add("cut_row.csv", "ends within its last row", "3:3: the row has 2 cells, expected 3", "a,b,c\n1,2,3\n4,5")
    add("only_delimiters.csv", "a row of empty cells", '3:1: "" in column "a" is not a finite number', "a,b\n1,2\n,\n")
    add("space.csv", "a line that holds a space only", '3:1: " " in column "a" is not a finite number', "a,b\n1,2\n \n")
    add("comment.csv", "a comment instead of the header",
        "2:2: the row has 2 cells, expected 1: line 1 begins with #, but comments are not supported", "# made by hand\n1,2\n")
    add("comment_row.csv", "a comment between rows",
        '3:1: "# end" in column "a" is not a finite number: the row begins with #, but comments are not supported', "a,b\n1,2\n# end\n")
    add("semicolons.csv", "semicolons as delimiters and commas in numbers",
        '2:2: the row has 2 cells, expected 1: the cells seem to be separated by ";", but the delimiter is ","', "a;b\n1,5;2\n")
    add("tabs.csv", "tabs as delimiters",
        '2:1: "1\\t2" in column "a\\tb" is not a finite number: the cells seem to be separated by "\\t", but the delimiter is ","', "a\tb\n1\t2\n")
    add("empty_cell.csv", "a missing number", '2:2: "" in column "b" is not a finite number', "a,b\n1,\n")
    add("word.csv", "a word instead of a number", '2:2: "two" in column "b" is not a finite number', "a,b\n1,two\n")
    add("nan.csv", "not a number", '2:2: "NaN" in column "b" is not a finite number', "a,b\n1,NaN\n")
    add("infinity.csv", "an infinite number", '2:1: "-inf" in column "a" is not a finite number', "a,b\n-inf,1\n")
    add("too_large.csv", "a number beyond float32", '2:2: "3.5e38" in column "b" is too large for float32', "a,b\n1,3.5e38\n")
    add("hexadecimal.csv", "a number in hexadecimal", '2:2: "0x1F" in column "b" is not a finite number', "a,b\n1,0x1F\n")
    add("decimal_comma.csv", "a decimal comma in quotes", '2:2: "2,5" in column "b" is not a finite number', 'a,b\n1,"2,5"\n')
    add("thousands.csv", "thousands set apart", '2:2: "2 000" in column "b" is not a finite number', "a,b\n1,2 000\n")
    add("unit.csv", "a number with its unit", '2:2: "5cm" in column "b" is not a finite number', "a,b\n1,5cm\n")
    add("percent.csv", "a percentage", '2:2: "50%" in column "b" is not a finite number', "a,b\n1,50%\n")
    add("two_signs.csv", "two signs", '2:2: "+-2" in column "b" is not a finite number', "a,b\n1,+-2\n")
    add("two_points.csv", "two decimal points", '2:2: "1.2.3" in column "b" is not a finite number', "a,b\n1,1.2.3\n")
    add("no_exponent.csv", "an exponent without digits", '2:2: "2e" in column "b" is not a finite number', "a,b\n1,2e\n")
    add("only_point.csv", "a point without digits", '2:2: "." in column "b" is not a finite number', "a,b\n1,.\n")
    add("minus_sign.csv", "the typographic minus sign", '2:2: "−2" in column "b" is not a finite number', "a,b\n1,−2\n")
    add("other_digits.csv", "digits of another script", '2:2: "٣" in column "b" is not a finite number', "a,b\n1,٣\n")
    add("zero_byte.csv", "a zero byte after a number", '2:2: "2\\x00" in column "b" is not a finite number', b"a,b\n1,2\0\n")
    add("utf16.csv", "UTF-16", "is text in UTF-16, expected a CSV table: save it as UTF-8", "a,b\n1,2\n".encode("utf-16"))
    add("html.csv", "a web page",
        "is a web page, expected a CSV table: was it downloaded from the right address?",
        "<!DOCTYPE html>\n<html><body>404, not found</body></html>\n")
    add("lfs_pointer.csv", "a Git LFS pointer", "is a Git LFS pointer to a file that was not downloaded, expected a CSV table: run git lfs pull",
        "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n")
    add("compressed.csv", "a table compressed with gzip",
        "is compressed with gzip, expected a CSV table: decompress it first, for example with gunzip", b"\x1f\x8b\x08" + bytes(17))
    add("parquet.csv", "a Parquet file", "is a Parquet file, expected a CSV table: save it as CSV", b"PAR1" + bytes(8) + b"PAR1")
    add("no_quote_end.csv", "a quote without end", "2:2: the quote that begins here is not closed", 'a,b\n1,"2\n3,4\n')
    add("after_quote.csv", "text after a closing quote",
        "2:2: there is text after the closing quote, expected the delimiter or the end of the line", 'a,b\n1,"2"3\n')
    add("return_after_quote.csv", "a CR that ends no line after a closing quote",
        "2:2: there is text after the closing quote, expected the delimiter or the end of the line", 'a,b\n1,"2"\r3\n')
    add("quote_within.csv", "a quote within a number", '2:2: "2"3"" in column "b" is not a finite number', 'a,b\n1,2"3"\n')
    add("quoted_lines.csv", "a number over two lines", '2:2: "2\\n3" in column "b" is not a finite number', 'a,b\n1,"2\n3"\n4,5\n')
    add("long_cell.csv", "a cell of 65537 bytes", "2:2: a cell is longer than 65536 bytes", "a,b\n1," + "1" * 65537 + "\n")
    add("long_quote.csv", "a quoted cell of 65537 bytes",
        "2:2: a cell is longer than 65536 bytes", 'a,b\n1,"' + "1" * 65537 + '"\n')
    add("long_header.csv", "a name of 65537 bytes", "1:2: a cell is longer than 65536 bytes", "a," + "b" * 65537 + "\n1,2\n")
    add("label_none.csv", "no column of the name that is asked for",
        '1:1: there is no column "label", the columns are "a", "b"', "a,b\n1,2\n")
    add("label_alone.csv", "no column besides the label", "1:1: no column is left for the features", "label\n1\n")
    add("label_empty.csv", "an example without label", "3:2: the label is empty", "a,label\n1,x\n2, \n")
    add("mnist_not_square.csv", "pixels that make no square",
        "1:3: the row has 2 pixels after its label, which do not form a square image", "1,0,0\n")
    add("mnist_no_labels.csv", "pixels without a label in front",
        "1:1: the row has 4 cells, which seem to be the pixels of a square image without its label, expected a label first",
        "p0,p1,p2,p3\n0,0,0,0\n")
    add("mnist_no_pixels.csv", "labels without pixels",
        "1:1: the row has 0 pixels after its label, which do not form a square image", "1\n2\n")
    add("mnist_pixel_256.csv", "a pixel beyond a byte",
        '2:3: the pixel is "256", expected a whole number from 0 to 255', "1,0,0,0,0\n2,0,256,0,0\n")
    add("mnist_fraction.csv", "a pixel that is no whole number",
        '1:5: the pixel is "0.5", expected a whole number from 0 to 255', "1,0,0,0,0.5\n")
    add("mnist_negative.csv", "a negative pixel", '1:4: the pixel is "-1", expected a whole number from 0 to 255', "1,0,0,-1,0\n")
    add("mnist_label_10.csv", "a label that is the number of classes",
        '2:1: the label is "10", expected a whole number from 0 to 9', "1,0,0,0,0\n10,0,0,0,0\n")
    add("mnist_label_word.csv", "a label in words",
        '2:1: the label is "cat", expected a whole number from 0 to 9', "label,a,b,c,d\ncat,0,0,0,0\n")
    return corpus


# ---- NPY


def npy_file(header, data=b"", version=1, size=None):
    header = header.encode() if isinstance(header, str) else header
    size = len(header) if size is None else size
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", size) + header + data


def npy_header(descr="'<f4'", shape="(2,)", fortran="False"):
    return f"{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}\n"


def make_npy():
    corpus = Corpus()
    data = struct.pack("<ff", 1, 2)
    good = npy_file(npy_header(), data)
    corpus.whole("whole.npy", good)

    def add(name, fault, message, content):
        corpus.add(name, fault, message, content)

    def add_header(name, fault, message, data=data, **header):
        add(name, fault, message, npy_file(npy_header(**header), data))

    add("empty.npy", "no bytes at all", "byte 0: empty, expected 93 4e 55 4d 50 59, the signature of an .npy file", b"")
    add("cut_mark.npy", "ends within the mark",
        "byte 0: begins with 93 4e 55 4d, expected 93 4e 55 4d 50 59, the signature of an .npy file", good[:4])
    add("cut_size.npy", "ends within the header's size", "byte 9: ends within its header", good[:9])
    add("cut_long_size.npy", "ends within the header's size of 4 bytes",
        "byte 11: ends within its header", npy_file("", version=2)[:11])
    add("cut_header.npy", "ends within the header", "byte 40: ends within its header", good[:40])
    add("text.npy", "numbers as text",
        "byte 0: begins with 31 2e 30 20 32 2e, expected 93 4e 55 4d 50 59, the signature of an .npy file", b"1.0 2.0 3.0 4.0\n")
    add("npz.npy", "an archive of arrays",
        "is a zip archive, such as an .npz file of NumPy or a .pt file of PyTorch, expected an .npy file: "
        "save its arrays one by one, with numpy.save() or safetensors",
        b"PK\x03\x04\x14\0\0\0\0\0" + bytes(20) + good)
    add("pickle.npy", "a pickled object",
        "is a Python pickle, expected an .npy file: save its arrays one by one, with numpy.save() or safetensors",
        b"\x80\x04\x95\x0b\0\0\0\0\0\0\0]\x94(K\x01K\x02e.")
    add("version_0.npy", "format 0", "byte 6: has format version 0, expected 1 to 3", npy_file(npy_header(), data, version=0))
    add("version_4.npy", "a format that is newer",
        "byte 6: has format version 4, expected 1 to 3", npy_file(npy_header(), data, version=4))
    add("big_size.npy", "the header's size with its bytes in reverse order",
        "byte 76: ends within its header", npy_file(npy_header(), data, size=58 << 8))
    add("huge_size.npy", "a header of 4 GiB",
        "byte 78: ends within its header", npy_file(npy_header(), data, version=2, size=4294967295))
    add("long_header.npy", "a header of more than 64 KiB",
        "byte 8: its header has 65594 bytes, expected at most 65536", npy_file(npy_header() + " " * 65536, data, version=2))
    add("no_header.npy", "an empty header", "byte 10: its header is not a dictionary as written by NumPy: expected {", npy_file(""))
    add("list.npy", "a list instead of a dictionary",
        "byte 10: its header is not a dictionary as written by NumPy: expected {", npy_file("['<f4', False, (2,)]\n", data))
    add("open_dictionary.npy", "a dictionary without end",
        "byte 68: its header is not a dictionary as written by NumPy: expected '", npy_file(npy_header().replace("}", " "), data))
    add("open_quote.npy", "a key without end", "byte 11: its header has an unclosed quote", npy_file("{'descr: (2,) }\n", data))
    add("open_shape.npy", "a shape without end",
        "byte 24: its header's shape is not a tuple of sizes", npy_file("{'shape': (2, ", data))
    add("no_colon.npy", "a key without value",
        "byte 18: its header is not a dictionary as written by NumPy: expected :",
        npy_file("{'descr', 'fortran_order': False}\n", data))
    add("two_commas.npy", "a comma too many",
        "byte 26: its header is not a dictionary as written by NumPy: expected '",
        npy_file(npy_header().replace("', '", "',, '"), data))
    add("number_key.npy", "a key that is a number",
        "byte 11: its header is not a dictionary as written by NumPy: expected '", npy_file("{1: '<f4'}\n", data))
    add("unknown_key.npy", "a key that the format does not know",
        "byte 27: its header has the key 'order', expected descr, fortran_order and shape",
        npy_file(npy_header().replace("fortran_order", "order"), data))
    add("key_twice.npy", "a key twice", "byte 27: its header has descr twice", npy_file("{'descr': '<f4', 'descr': '<f4'}\n", data))
    add("no_shape.npy", "no shape",
        "byte 51: its header lacks one of descr, fortran_order and shape",
        npy_file("{'descr': '<f4', 'fortran_order': False}\n", data))
    add("goes_on.npy", "something after the dictionary",
        "byte 68: its header continues after the dictionary", npy_file(npy_header().rstrip() + " import os\n", data))
    add("zero_byte.npy", "a zero byte in the header",
        "byte 64: its header is not a dictionary as written by NumPy: expected }", npy_file(npy_header().replace(", }", "\0, }"), data))
    add_header("order_number.npy", "an axis order that is a number",
        "byte 44: its header's fortran_order is neither True nor False", fortran="0")
    add_header("records.npy", "records",
        "byte 20: it holds structured records, expected plain numbers", descr="[('x', '<f4'), ('y', '<f4')]", shape="(1,)")
    add_header("descr_none.npy", "a dtype that is no string",
        "byte 20: its header is not a dictionary as written by NumPy: expected '", descr="None")
    add_header("complex.npy", "complex numbers",
        "byte 20: its dtype is '<c8', expected floats of 2, 4 or 8 bytes, integers or bool", descr="'<c8'", shape="(1,)")
    add_header("objects.npy", "Python's objects",
        "byte 20: its dtype is '|O', expected floats of 2, 4 or 8 bytes, integers or bool", descr="'|O'")
    add_header("strings.npy", "strings",
        "byte 20: its dtype is '<U1', expected floats of 2, 4 or 8 bytes, integers or bool", descr="'<U1'")
    add_header("dates.npy", "dates",
        "byte 20: its dtype is '<M8', expected floats of 2, 4 or 8 bytes, integers or bool", descr="'<M8'", shape="(1,)")
    add_header("long_double.npy", "floats of 16 bytes",
        "byte 20: its dtype is '<f16', expected floats of 2, 4 or 8 bytes, integers or bool", descr="'<f16'", data=bytes(32))
    add_header("float_byte.npy", "floats of a byte",
        "byte 20: its dtype is '|f1', expected floats of 2, 4 or 8 bytes, integers or bool", descr="'|f1'", data=bytes(2))
    add_header("three_bytes.npy", "integers of 3 bytes",
        "byte 20: its dtype is '<i3', expected floats of 2, 4 or 8 bytes, integers or bool", descr="'<i3'", data=bytes(6))
    add_header("no_order.npy", "numbers of several bytes without a byte order",
        "byte 20: its dtype is '|f4', expected floats of 2, 4 or 8 bytes, integers or bool", descr="'|f4'")
    add_header("negative_size.npy", "a negative size", "byte 61: its header's shape is not a tuple of sizes", shape="(-2,)")
    add_header("fraction_size.npy", "a size that is no integer",
        "byte 62: its header is not a dictionary as written by NumPy: expected )", shape="(2.0,)")
    add_header("text_size.npy", "a size in quotes", "byte 61: its header's shape is not a tuple of sizes", shape="('2',)")
    add_header("shape_number.npy", "a shape that is no tuple",
        "byte 60: its header is not a dictionary as written by NumPy: expected (", shape="2")
    add_header("huge_number.npy", "a size beyond 64 bits",
        "byte 61: its header's shape is not a tuple of sizes", shape="(18446744073709551618,)")
    add_header("nine_axes.npy", "more axes than a Tensor has",
        "byte 85: it has more than 8 axes", shape="(1, 1, 1, 1, 1, 1, 1, 1, 2)")
    add_header("overflow.npy", "sizes whose product is 0 in 64 bits",
        "byte 51: its shape is too large for memory", shape="(4294967296, 4294967296)", data=b"")
    add_header("overflow_bytes.npy", "elements that fit 64 bits, but not their bytes",
        "byte 51: its shape is too large for memory", shape="(4611686018427387906,)")
    add_header("empty_overflow.npy", "no elements, along axes longer than memory",
        "byte 51: its shape is too large for memory", shape="(0, 4611686018427387904, 4)", data=b"")
    add_header("empty_beyond.npy", "no elements, along axes longer than a Tensor's",
               "byte 51: its shape is too large for memory", shape="(0, 80000001617476120, 4)", data=b"")
    add_header("hollow.npy", "declares 4 GB without a byte of them",
        "byte 77: its shape [1000000000] needs 4000000000 bytes, but the file has 0 after its header", shape="(1000000000,)", data=b"")
    add_header("one_short.npy", "a byte of the elements is missing",
        "byte 68: its shape [2] needs 8 bytes, but the file has 7 after its header", data=data[:-1])
    add_header("one_long.npy", "a byte after the elements",
        "byte 68: its shape [2] needs 8 bytes, but the file has 9 after its header", data=data + b"\0")
    add_header("empty_with_data.npy", "elements in an array that has none",
        "byte 68: its shape [0] needs 0 bytes, but the file has 8 after its header", shape="(0,)")
    add_header("beyond_int64.npy", "an unsigned integer beyond int64",
        "byte 76: holds an unsigned integer above the largest int64", descr="'<u8'", data=struct.pack("<QQ", 1, 1 << 63))
    return corpus


# ---- safetensors


def safetensors(header, data=b"", size=None):
    header = header.encode() if isinstance(header, str) else header
    return struct.pack("<Q", len(header) if size is None else size) + header + data


def tensor(name="x", dtype='"F32"', shape="[2]", offsets="[0,8]"):
    return f'"{name}":{{"dtype":{dtype},"shape":{shape},"data_offsets":{offsets}}}'


def make_safetensors():
    corpus = Corpus()
    data = struct.pack("<ff", 1, 2)
    good = safetensors("{" + tensor() + "}", data)
    corpus.whole("whole.safetensors", good)

    def add(name, fault, message, content):
        corpus.add(name + ".safetensors", fault, message, content)

    def add_tensor(name, fault, message, data=data, **fields):
        add(name, fault, message, safetensors("{" + tensor(**fields) + "}", data))

    def add_header(name, fault, message, header, data=data):
        add(name, fault, message, safetensors(header, data))

    add("empty", "no bytes at all", "byte 0: holds 0 bytes, expected 8 of header size and a header", b"")
    add("cut_size", "ends within the header's size", "byte 0: holds 5 bytes, expected 8 of header size and a header", good[:5])
    add("only_size", "ends after the header's size", "byte 0: the header size is 54, but the file holds 0 bytes after it", good[:8])
    add("cut_header", "ends within the header", "byte 0: the header size is 54, but the file holds 22 bytes after it", good[:30])
    add("no_header", "a header of no bytes", "byte 8: the header is empty, expected a JSON object", safetensors("", data))
    add("big_size", "the header's size with its bytes in reverse order",
        "byte 0: the header size is 3891110078048108544, expected at most 100000000", struct.pack(">Q", len(good) - 16) + good[8:])
    add("huge_size", "a header of more than 100 MB",
        "byte 0: the header size is 100000001, expected at most 100000000", safetensors("{}", size=100000001))
    add("zip", "an archive as PyTorch writes it",
        "is a zip archive, such as an .npz file of NumPy or a .pt file of PyTorch, expected a safetensors file: "
        "save its arrays one by one, with numpy.save() or safetensors",
        b"PK\x03\x04\x00\x00\x08\x08\x00\x00\x00\x00archive/data.pkl\x80\x02.")
    add("hdf5", "a file as Keras writes it",
        "is an HDF5 file, such as an .h5 file of Keras, expected a safetensors file: "
        "save its arrays one by one, with numpy.save() or safetensors", b"\x89HDF\r\n\x1a\n" + bytes(40))
    add("json", "a header without its size",
        "byte 0: the header size is 7215465042617574011, expected at most 100000000", b"{" + tensor().encode() + b"}" + data)
    add_header("list", "a list instead of an object",
        "byte 8: the header begins with 5b, expected 7b of a JSON object", "[" + "1" * 10 + "]")
    add_header("open", "an object without end", "byte 61: the header is not JSON in UTF-8", "{" + tensor())
    add_header("comma", "a comma at the end", "byte 62: the header is not JSON in UTF-8", "{" + tensor() + ",}")
    add_header("goes_on", "something after the object", "byte 62: the header is not JSON in UTF-8", "{" + tensor() + "}{}")
    add_header("single_quotes", "strings in single quotes",
        "byte 9: the header is not JSON in UTF-8", "{" + tensor().replace('"', "'") + "}")
    add_header("nan", "NaN where a size belongs", "byte 37: the header is not JSON in UTF-8", "{" + tensor(shape="[NaN]") + "}")
    add_header("zero_byte", "a zero byte in the header", "byte 62: the header is not JSON in UTF-8", "{" + tensor() + "}\0")
    add_header("not_utf8", "a name that is not UTF-8",
        "byte 10: the header is not JSON in UTF-8", b"{" + tensor().encode().replace(b"x", b"\xff") + b"}")
    add_header("surrogate", "half a surrogate pair in a name",
        "byte 16: the header is not JSON in UTF-8", "{" + tensor(name="\\ud800") + "}")
    add_header("number", "a number instead of a tensor", 'tensor "x" is the number 3, expected an object', '{"x":3}')
    add_header("deep", "lists a thousand deep", 'tensor "x" is a list, expected an object', '{"x":' + "[" * 1000 + "]" * 1000 + "}")
    add_header("no_dtype", "no dtype", 'tensor "x" has no dtype', '{"x":{"shape":[2],"data_offsets":[0,8]}}')
    add_header("no_shape", "no shape", 'tensor "x" has no shape', '{"x":{"dtype":"F32","data_offsets":[0,8]}}')
    add_header("no_offsets", "no data_offsets", 'tensor "x" has no data_offsets', '{"x":{"dtype":"F32","shape":[2]}}')
    add_header("unknown_field", "a field that the format does not know",
        'tensor "x" has a field "strides", expected dtype, shape and data_offsets', '{"x":{"strides":[1]}}')
    add_header("field_twice", "a field twice", 'tensor "x": dtype is given twice', '{"x":{"dtype":"F32","dtype":"F64"}}')
    add_header("name_twice", "a name twice", 'tensor "x" is given twice', "{" + tensor() + "," + tensor() + "}")
    add_header("name_escaped", "a name twice, once in escapes",
        'tensor "x" is given twice', "{" + tensor() + "," + tensor(name="\\u0078") + "}")
    add_tensor("unknown_dtype", "a dtype that is not known",
        'tensor "x": dtype is "F8_E4M3", known names: F64, F32, F16, BF16, I64, I32, I16, I8, U32, U16, U8, BOOL', dtype='"F8_E4M3"')
    add_tensor("dtype_number", "a dtype that is no string", 'tensor "x": dtype is the number 32, expected a string', dtype="32")
    add_tensor("dtype_case", "a dtype in small letters",
        'tensor "x": dtype is "f32", known names: F64, F32, F16, BF16, I64, I32, I16, I8, U32, U16, U8, BOOL', dtype='"f32"')
    add_tensor("shape_text", "a shape that is no list", 'tensor "x": shape is a string, expected a list of integers', shape='"2"')
    add_tensor("shape_nested", "a shape of lists", 'tensor "x": shape holds a list, expected integers of 0 or more', shape="[[2]]")
    add_tensor("shape_negative", "a negative size",
        'tensor "x": shape holds the number -2, expected integers of 0 or more', shape="[-2]")
    add_tensor("shape_fraction", "a size that is no integer",
        'tensor "x": shape holds the number 2.0, expected integers of 0 or more', shape="[2.0]")
    add_tensor("shape_null", "a size that is not told",
        'tensor "x": shape holds null, expected integers of 0 or more', shape="[null]")
    add_tensor("shape_beyond", "a size beyond int64",
        'tensor "x": shape holds 9223372036854775808, expected at most 9223372036854775807', shape="[9223372036854775808]")
    add_tensor("nine_axes", "more axes than a Tensor has",
        'tensor "x": shape has more than 8 sizes, the most that a Tensor can have', shape="[1,1,1,1,1,1,1,1,2]")
    add_tensor("shape_overflow", "sizes whose product is 0 in 64 bits",
        'tensor "x": shape [4294967296, 4294967296] of F32 is too large for memory',
        data=b"", shape="[4294967296,4294967296]", offsets="[0,0]")
    add_tensor("shape_empty_overflow", "no elements, along axes longer than memory",
        'tensor "x": shape [0, 4611686018427387904, 4] of F32 is too large for memory', data=b"",
               shape="[0,4611686018427387904,4]", offsets="[0,0]")
    add_tensor("shape_empty_beyond", "no elements, along axes longer than a Tensor's",
               'tensor "x": shape [0, 80000001617476120, 4] of F32 is too large for memory', data=b"",
               shape="[0,80000001617476120,4]", offsets="[0,0]")
    add_tensor("offsets_number", "offsets that are no list",
        'tensor "x": data_offsets is the number 8, expected a list of 2 integers', offsets="8")
    add_tensor("offsets_one", "one offset", 'tensor "x": data_offsets holds 1 numbers, expected begin and end', offsets="[0]")
    add_tensor("offsets_three", "three offsets",
        'tensor "x": data_offsets holds more than 2 numbers, expected begin and end', offsets="[0,4,8]")
    add_tensor("offsets_text", "an offset in quotes",
        'tensor "x": data_offsets holds a string, expected integers of 0 or more', offsets='["0",8]')
    add_tensor("offsets_reversed", "ends before it begins",
        'tensor "x": data_offsets is [8, 0], expected begin <= end', offsets="[8,0]")
    add_tensor("offsets_beyond", "offsets beyond the file",
        'tensor "x": data_offsets is [0, 4294967296], but the file holds 8 bytes of data', offsets="[0,4294967296]")
    add_tensor("hollow", "declares 4 GB and offsets of 8 bytes",
        'tensor "x": data_offsets is [0, 8], 8 bytes, but shape [1000000000] of F32 takes 4000000000', shape="[1000000000]")
    add_tensor("short", "offsets of fewer bytes than the shape takes",
        'tensor "x": data_offsets is [0, 4], 4 bytes, but shape [2] of F32 takes 8', offsets="[0,4]")
    add_tensor("gap_before", "bytes before the first tensor",
        'tensor "x" begins at byte 8 of the data, expected 0: no tensor has the bytes between', data=data + data, offsets="[8,16]")
    add_tensor("bytes_after", "bytes after the last tensor",
        "byte 70: the tensors take 8 bytes, but the file holds 9 bytes of data", data=data + b"\0")
    add_tensor("cut_data", "a byte of the data is missing",
        'tensor "x": data_offsets is [0, 8], but the file holds 7 bytes of data', data=data[:-1])
    add_header("overlap", "tensors that overlap", 'tensor "b" begins at byte 4 of the data, expected 8: it overlaps another',
               "{" + tensor("a") + "," + tensor("b", offsets="[4,12]") + "}", data + data[:4])
    add_header("gap_between", "bytes between two tensors",
        'tensor "b" begins at byte 12 of the data, expected 8: no tensor has the bytes between',
               "{" + tensor("a") + "," + tensor("b", offsets="[12,20]") + "}", data * 2 + data[:4])
    add_header("metadata_list", "metadata that is a list",
        "__metadata__ is a list, expected an object", '{"__metadata__":["pt"]}', b"")
    add_header("metadata_number", "metadata with a value that is no string",
        '__metadata__: "epoch" is the number 3, expected a string', '{"__metadata__":{"epoch":3}}', b"")
    add_header("metadata_twice", "metadata twice", "__metadata__ is given twice", '{"__metadata__":{},"__metadata__":{}}', b"")
    add_header("metadata_key_twice", "a key of metadata twice",
        '__metadata__: "k" is given twice', '{"__metadata__":{"k":"a","k":"b"}}', b"")
    return corpus


def main():
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        sys.exit("usage: make_corpus.py [--check]")
    wrong = []
    for format_name, corpus in [("idx", make_idx()), ("gz", make_gz()), ("csv", make_csv()), ("npy", make_npy()),
                                ("safetensors", make_safetensors())]:
        folder = FOLDER / format_name
        contents = corpus.contents()
        if not check:
            folder.mkdir(exist_ok=True)
        there = {path.name for path in folder.iterdir()}
        wrong += [f"{folder / name} is not made here" for name in sorted(there - contents.keys())]
        for name, content in contents.items():
            if not check:
                (folder / name).write_bytes(content)
            elif name not in there or (folder / name).read_bytes() != content:
                wrong.append(f"{folder / name} is not what is made here")
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
