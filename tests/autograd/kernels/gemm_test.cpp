// Matrix products against triple loops, by the backend that was built, by the library beneath it and by the builtin loops on every
// instruction set; the same bits on any number of threads, several of the user's among them, and while signals come.
// Covers autograd/kernels/gemm_builtin.cpp, autograd/kernels/gemm_cblas.cpp, autograd/kernels/gemm_onednn.cpp.
#include "autograd/kernels/gemm.h"

#include <signal.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <boost/mpl/list.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "autograd/kernels/gemm_backends.h"
#include "autograd/parallel/parallel.h"
#include "tests/autograd/kernels/buffers.h"
#include "tests/autograd/kernels/targets.h"
#include "tests/autograd/parallel/threads.h"

namespace chainrule::test {
namespace {

using kernels::detail::GemmBlock;
using Types = boost::mpl::list<float, double>;

struct Shape {
  std::int64_t m, n, k;
};

std::ostream& operator<<(std::ostream& out, const Shape& shape) { return out << shape.m << "x" << shape.n << "x" << shape.k; }

const std::vector<std::int64_t> kSizes = {1, 2, 3, 4, 5, 7, 8, 12, 13, 16, 17, 31, 33, 65};

std::vector<Shape> shapes() {
  std::vector<Shape> all;
  for (const std::int64_t m : kSizes) {
    for (const std::int64_t n : kSizes) {
      for (const std::int64_t k : {1, 2, 3, 7, 16, 17, 33}) all.push_back({m, n, k});
    }
  }
  // One row, panels cut over k and over rows, packed operands, several blocks.
  all.insert(all.end(), {{1, 128, 784}, {1, 130, 1000}, {2, 100, 600}, {50, 70, 257}, {200, 70, 520}, {243, 97, 300}, {100, 131, 1031}});
  all.insert(all.end(), {{128, 128, 784}, {784, 128, 33}, {301, 259, 129}, {20, 2000, 40}});
  return all;
}

template <class T>
struct Product {
  Product(bool transpose_a, bool transpose_b, Shape shape)
      : ta(transpose_a), tb(transpose_b), s(shape), a(random_buffer<T>(s.m * s.k, 1)), b(random_buffer<T>(s.k * s.n, 2)) {}

  T a_at(std::int64_t i, std::int64_t p) const { return a[static_cast<std::size_t>(ta ? p * s.m + i : i * s.k + p)]; }
  T b_at(std::int64_t p, std::int64_t j) const { return b[static_cast<std::size_t>(tb ? j * s.k + p : p * s.n + j)]; }

  std::vector<double> naive(const std::vector<T>& c, T beta) const {
    std::vector<double> result(static_cast<std::size_t>(s.m * s.n));
    for (std::int64_t i = 0; i < s.m; ++i) {
      for (std::int64_t j = 0; j < s.n; ++j) {
        double sum = 0;
        for (std::int64_t p = 0; p < s.k; ++p) sum += static_cast<double>(a_at(i, p)) * static_cast<double>(b_at(p, j));
        const auto at = static_cast<std::size_t>(i * s.n + j);
        result[at] = beta == T{0} ? sum : sum + static_cast<double>(c[at]);
      }
    }
    return result;
  }

  std::vector<T> run(std::vector<T> c, T beta) const {
    kernels::gemm(ta, tb, s.m, s.n, s.k, a.data(), b.data(), beta, c.data());
    return c;
  }

  bool ta, tb;
  Shape s;
  std::vector<T> a, b;
};

template <class T>
double tolerance(std::int64_t k) {
  return 8 * static_cast<double>(std::numeric_limits<T>::epsilon()) * std::sqrt(static_cast<double>(k) + 1);
}

// Runs body(product, C to start from, beta) over shapes, transposes and both betas; where beta is 0, C is full of NaN.
template <class T, class Body>
void for_each_product(const std::vector<Shape>& all, Body body) {
  for (const Shape& shape : all) {
    for (const bool ta : {false, true}) {
      for (const bool tb : {false, true}) {
        const Product<T> product(ta, tb, shape);
        for (const T beta : {T{0}, T{1}}) {
          std::vector<T> c = random_buffer<T>(shape.m * shape.n, 3);
          if (beta == T{0}) std::fill(c.begin(), c.end(), std::numeric_limits<T>::quiet_NaN());
          BOOST_TEST_CONTEXT(shape << " ta " << ta << " tb " << tb << " beta " << beta) { body(product, c, beta); }
        }
      }
    }
  }
}

// A product of parts of larger matrices, whose other elements must not change.
template <class T, class Multiply>
void check_block(const Product<T>& product, const std::vector<T>& c, T beta, Multiply multiply) {
  constexpr std::int64_t kGap = 3;
  const Shape& s = product.s;
  const auto widen = [](const std::vector<T>& x, std::int64_t rows, std::int64_t columns, T filler) {
    std::vector<T> wide(static_cast<std::size_t>(rows * (columns + kGap)), filler);
    for (std::int64_t r = 0; r < rows; ++r) std::copy_n(x.begin() + r * columns, columns, wide.begin() + r * (columns + kGap));
    return wide;
  };
  const T nan = std::numeric_limits<T>::quiet_NaN();
  const std::int64_t a_columns = product.ta ? s.m : s.k, b_columns = product.tb ? s.k : s.n;
  const std::vector<T> a = widen(product.a, product.ta ? s.k : s.m, a_columns, nan),
                       b = widen(product.b, product.tb ? s.n : s.k, b_columns, nan);
  std::vector<T> wide_c = widen(c, s.m, s.n, T{77});
  multiply(GemmBlock<T>{product.ta, product.tb, s.m, s.n, s.k, a.data(), a_columns + kGap, b.data(), b_columns + kGap, beta, wide_c.data(),
                        s.n + kGap});
  std::vector<T> result;
  bool kept = true;
  for (std::int64_t i = 0; i < s.m; ++i) {
    const auto row = wide_c.begin() + i * (s.n + kGap);
    result.insert(result.end(), row, row + s.n);
    kept = kept && std::all_of(row + s.n, row + s.n + kGap, [](T value) { return value == T{77}; });
  }
  BOOST_TEST(kept);
  check_close(result, product.naive(c, beta), tolerance<T>(s.k), tolerance<T>(s.k));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(gemm)

BOOST_AUTO_TEST_CASE(names_its_backend) {
#ifdef CHAINRULE_GEMM_ONEDNN
  BOOST_TEST(kernels::gemm_backend() == std::string("onednn+cblas"));
#else
  BOOST_TEST(kernels::gemm_backend() == std::string("builtin"));
#endif
}

BOOST_AUTO_TEST_CASE_TEMPLATE(agrees_with_a_triple_loop, T, Types) {
  for_each_product<T>(shapes(), [](const Product<T>& product, const std::vector<T>& c, T beta) {
    check_close(product.run(c, beta), product.naive(c, beta), tolerance<T>(product.s.k), tolerance<T>(product.s.k));
  });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(builtin_loops_agree_with_a_triple_loop_on_every_target, T, Types) {
  for_each_target([](const char*) {
    std::vector<Shape> all;
    for (const std::int64_t m : {1, 2, 3, 5, 8, 13, 21}) {
      for (const std::int64_t n : {1, 3, 4, 7, 16, 33, 70}) {
        for (const std::int64_t k : {1, 5, 8, 33}) all.push_back({m, n, k});
      }
    }
    all.insert(all.end(), {{1, 128, 784}, {50, 70, 257}, {243, 97, 300}, {60, 300, 64}});
    for_each_product<T>(all, [](const Product<T>& product, const std::vector<T>& c, T beta) {
      check_block(product, c, beta, [](const GemmBlock<T>& block) { kernels::detail::gemm_builtin(block); });
    });
  });
}

#ifdef CHAINRULE_GEMM_ONEDNN
BOOST_AUTO_TEST_CASE_TEMPLATE(the_library_agrees_with_a_triple_loop, T, Types) {
  for_each_product<T>({{1, 1, 1}, {3, 5, 7}, {17, 33, 9}, {64, 128, 100}, {1, 128, 784}},
                      [](const Product<T>& product, const std::vector<T>& c, T beta) {
                        check_block(product, c, beta, [](const GemmBlock<T>& block) {
                          if constexpr (std::is_same_v<T, float>) {
                            kernels::detail::gemm_onednn(block);
                          } else {
                            kernels::detail::gemm_cblas(block);
                          }
                        });
                      });
}
#endif

BOOST_AUTO_TEST_CASE_TEMPLATE(no_rows_no_columns_and_no_depth, T, Types) {
  const std::vector<T> a(12, T{1}), b(12, T{1}), start(6, T{5});
  for (const bool ta : {false, true}) {
    for (const bool tb : {false, true}) {
      std::vector<T> c = start;
      kernels::gemm(ta, tb, 0, 3, 2, a.data(), b.data(), T{0}, c.data());
      kernels::gemm(ta, tb, 2, 0, 3, a.data(), b.data(), T{0}, c.data());
      kernels::gemm(ta, tb, 0, 0, 0, a.data(), b.data(), T{0}, static_cast<T*>(nullptr));
      BOOST_TEST(c == start);
      kernels::gemm(ta, tb, 2, 3, 0, a.data(), b.data(), T{1}, c.data());
      BOOST_TEST(c == start);
      kernels::gemm(ta, tb, 2, 3, 0, a.data(), b.data(), T{0}, c.data());
      BOOST_TEST(c == std::vector<T>(6, T{0}));
    }
  }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(nan_and_infinity_go_through, T, Types) {
  for (const Shape& shape : {Shape{3, 5, 4}, Shape{40, 140, 130}}) {
    Product<T> product(false, false, shape);
    product.a[0] = std::numeric_limits<T>::quiet_NaN();                                 // row 0
    product.a[static_cast<std::size_t>(shape.k)] = std::numeric_limits<T>::infinity();  // row 1
    std::fill_n(product.b.begin(), shape.n, T{0.5});
    const std::vector<T> c = product.run(std::vector<T>(static_cast<std::size_t>(shape.m * shape.n)), T{0});
    for (std::int64_t j = 0; j < shape.n; ++j) {
      BOOST_TEST(std::isnan(c[static_cast<std::size_t>(j)]));
      BOOST_TEST(c[static_cast<std::size_t>(shape.n + j)] == std::numeric_limits<T>::infinity());
      BOOST_TEST(std::isfinite(c[static_cast<std::size_t>(2 * shape.n + j)]));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(gemm_threads, AlwaysFork)

BOOST_AUTO_TEST_CASE_TEMPLATE(bits_do_not_depend_on_the_number_of_threads, T, Types) {
  struct Case {
    bool ta, tb;
    Shape shape;
  };
  std::vector<Case> cases = {{false, false, {1, 128, 784}},  {false, true, {1, 784, 128}},    {true, false, {784, 128, 1}},
                             {false, false, {3, 900, 500}},  {true, true, {301, 259, 129}},   {false, false, {1000, 3, 1000}},
                             {false, true, {200, 200, 200}}, {false, false, {1, 5000, 5000}}, {true, false, {17, 1000, 300}}};
  for (const std::int64_t batch : {32, 64, 128, 512}) {
    for (const auto& [d_in, d_out] : {std::pair<std::int64_t, std::int64_t>{784, 128}, {128, 64}, {64, 10}}) {
      cases.push_back({false, false, {batch, d_out, d_in}});
      cases.push_back({false, true, {batch, d_in, d_out}});
      cases.push_back({true, false, {d_in, d_out, batch}});
    }
  }
  for (const Case& c : cases) {
    const Product<T> product(c.ta, c.tb, c.shape);
    const std::vector<T> start = random_buffer<T>(c.shape.m * c.shape.n, 3);
    for (const T beta : {T{0}, T{1}}) {
      kernels::set_thread_limit(1);
      const std::vector<T> one = product.run(start, beta);
      for (const int threads : {2, 3, 8}) {
        kernels::set_thread_limit(threads);
        BOOST_TEST_CONTEXT(c.shape << " ta " << c.ta << " tb " << c.tb << " beta " << beta << " threads " << threads) {
          BOOST_TEST(same_bits(product.run(start, beta), one));
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(threads_of_the_user_multiply_at_once, T, Types) {
  const Product<T> product(false, true, {40, 40, 40});  // small, so that calls begin and end all the time
  const std::vector<T> start(40 * 40);
  const std::vector<T> one = product.run(start, T{0});
  std::array<int, 4> wrong{};
  std::vector<std::thread> threads;
  for (int& count : wrong) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5000; ++i) count += same_bits(product.run(start, T{0}), one) ? 0 : 1;
    });
  }
  for (std::thread& thread : threads) thread.join();
  BOOST_TEST(wrong == (std::array<int, 4>{}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(gemm_signals)

volatile std::sig_atomic_t alarms = 0;

// While an object exists, an alarm signal arrives every 100 us.
class Alarms {
 public:
  Alarms() {
    struct sigaction action = {};
    action.sa_handler = [](int) { alarms = alarms + 1; };
    action.sa_flags = SA_RESTART;
    sigaction(SIGALRM, &action, &before_);
    ring_every(100);
  }
  ~Alarms() {
    ring_every(0);
    sigaction(SIGALRM, &before_, nullptr);
  }
  Alarms(const Alarms&) = delete;
  Alarms& operator=(const Alarms&) = delete;

 private:
  static void ring_every(int microseconds) {
    const itimerval interval{{0, microseconds}, {0, microseconds}};
    setitimer(ITIMER_REAL, &interval, nullptr);
  }

  struct sigaction before_;
};

// If a kernel's stack pointer is not in the stack, a signal frame is written into the heap, and free() aborts.
BOOST_AUTO_TEST_CASE_TEMPLATE(a_product_is_whole_while_signals_come, T, Types) {
  for (const Shape& shape : {Shape{64, 784, 128}, {64, 128, 784}, {64, 256, 256}, {300, 300, 300}, {8, 128, 3000}}) {
    for (const bool ta : {false, true}) {
      for (const bool tb : {false, true}) {
        const Product<T> product(ta, tb, shape);
        const std::vector<T> start(static_cast<std::size_t>(shape.m * shape.n));
        const std::vector<T> calm = product.run(start, T{0});
        alarms = 0;
        int wrong = 0;
        {
          std::signal(SIGABRT, SIG_DFL);  // Boost would go on with the broken heap
          const Alarms ringing;
          for (int i = 0; i < 50 || alarms < 50; ++i) wrong += same_bits(product.run(start, T{0}), calm) ? 0 : 1;
        }
        BOOST_TEST(wrong == 0, shape << " ta " << ta << " tb " << tb);
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace chainrule::test
