// Recognizes files of other formats by their first bytes, for error messages.
// Internal header: not installed.
#pragma once

#include "nn/files/input_file.h"

namespace chainrule::nn {

/// The formats that are recognized.
enum class FileKind { unknown, safetensors, model, npy, gzip, compressed, zip, lfs_pointer, pickle, hdf5, parquet, web_page, utf16 };

/// Does nothing if the file has the format `own` or an unknown one.
/// @throws std::runtime_error `PATH: is ..., expected EXPECTED: what to do` if it has another one.
void refuse_other_kind(const InputFile& file, FileKind own, const char* expected);

}  // namespace chainrule::nn
