// Files of one format where another is expected.
#include "nn/files/file_kind.h"

#include <boost/test/unit_test.hpp>
#include <stdexcept>
#include <string>

#include "nn/nn.h"
#include "tests/autograd/base/throws.h"
#include "tests/nn/files/folder.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::message_of;
using nn::FileKind;

namespace {

struct Files {
  cr::test::Folder folder;

  std::string refusal(const std::string& content, FileKind own = FileKind::unknown) const {
    const std::string path = folder.file("file", content);
    const std::string message = message_of<std::runtime_error>([&] { refuse_other_kind(nn::InputFile(path), own, "a table"); });
    return message.starts_with(path + ": ") ? message.substr(path.size() + 2) : message;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(file_kind, Files)

BOOST_AUTO_TEST_CASE(formats_are_recognized) {
  const std::string lists = ", expected a table: save its arrays one by one, with numpy.save() or safetensors";
  BOOST_TEST(refusal("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n") ==
             "is a Git LFS pointer to a file that was not downloaded, expected a table: run git lfs pull");
  BOOST_TEST(refusal("\x1f\x8b\x08") == "is compressed with gzip, expected a table: decompress it first, for example with gunzip");
  const std::string packed = "is compressed, expected a table: decompress it first, for example with unxz or unzstd";
  BOOST_TEST(refusal(std::string("\xfd"
                                 "7zXZ\0\0",
                                 7)) == packed);
  BOOST_TEST(refusal("\x28\xb5\x2f\xfd ") == packed);
  BOOST_TEST(refusal("PK\x03\x04 ") == "is a zip archive, such as an .npz file of NumPy or a .pt file of PyTorch" + lists);
  BOOST_TEST(refusal("\x80\x04\x95") == "is a Python pickle" + lists);
  BOOST_TEST(refusal("\x89HDF\r\n\x1a\n") == "is an HDF5 file, such as an .h5 file of Keras" + lists);
  BOOST_TEST(refusal("PAR1") == "is a Parquet file, expected a table: save it as CSV");
  for (const char* page : {"<!DOCTYPE html>", "<!doctype HTML>", "<html>", "<HTML lang=en>"})
    BOOST_TEST(refusal(page) == "is a web page, expected a table: was it downloaded from the right address?");
  for (const char* mark : {"\xff\xfe", "\xfe\xff"}) BOOST_TEST(refusal(mark) == "is text in UTF-16, expected a table: save it as UTF-8");
  BOOST_TEST(refusal("\x93NUMPY") == "is a NumPy array, expected a table: read it with nn::read_npy()");
  for (const char* other : {"", "P", "a,b\n1,2\n", "\x80", "\x80\x09", "{}", "\x1f", "version,x\n"})
    BOOST_TEST(refusal(other) == "no exception", other);
  BOOST_TEST(refusal("PK\x03\x04", FileKind::zip) == "no exception");
}

BOOST_AUTO_TEST_CASE(models_and_weights_are_not_taken_for_each_other) {
  nn::Sequential model{nn::Dense(2, 3)};
  const std::string weights = folder / "w.safetensors", whole = folder / "m.json", array = folder / "a.npy";
  nn::save(model, weights);
  nn::save_model(model, whole);
  nn::write_npy(array, cr::ones({3}));
  const std::string is_weights = weights + ": is a safetensors file, which holds weights without their model, expected ",
                    make_it = ": make the model as it was made before, and call nn::load() with it",
                    is_model = whole + ": is a model written by nn::save_model(), expected ", load_it = ": read it with nn::load_model()";
  BOOST_TEST(message_of<std::runtime_error>([&] { nn::load_model(weights); }) ==
             is_weights + "a model written by nn::save_model()" + make_it);
  BOOST_TEST(message_of<std::runtime_error>([&] { nn::Model::load(weights); }) ==
             is_weights + "a model written by nn::save_model()" + make_it);
  BOOST_TEST(message_of<std::runtime_error>([&] { nn::read_csv(weights); }) == is_weights + "a CSV table" + make_it);
  BOOST_TEST(message_of<std::runtime_error>([&] { nn::load(model, whole); }) == is_model + "a safetensors file" + load_it);
  BOOST_TEST(message_of<std::runtime_error>([&] { nn::read_npy(whole); }) == is_model + "an .npy file" + load_it);
  BOOST_TEST(message_of<std::runtime_error>([&] { nn::read_idx(array); }) ==
             array + ": is a NumPy array, expected an IDX file, plain or compressed with gzip: read it with nn::read_npy()");
  BOOST_TEST(message_of<std::runtime_error>([&] { nn::load_safetensors(array); }) ==
             array + ": is a NumPy array, expected a safetensors file: read it with nn::read_npy()");
}

BOOST_AUTO_TEST_CASE(the_size_of_a_header_may_look_like_another_format) {
  // 0x8b1f is 35615: a safetensors file whose first bytes are those of gzip.
  nn::SafetensorsFile file;
  const std::string path = folder / "w.safetensors";
  std::string filler(35615 - 62, 'x');
  nn::save_safetensors(path, {{"w", cr::ones({1})}}, {{"k", filler}});
  std::string bytes = cr::test::text_of(path);
  bytes.replace(0, 2, "\x1f\x8b");  // one of the last spaces of the header then belongs to the data
  BOOST_TEST(refusal(bytes, FileKind::safetensors) == "no exception");
}

BOOST_AUTO_TEST_SUITE_END()
