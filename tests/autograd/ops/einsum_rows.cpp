// The row of einsum (autograd/ops/einsum.cpp): all ways in which two operands can share labels, diagonals, ellipses, and errors.
#include "tests/autograd/ops/op_table.h"

namespace chainrule::test {
namespace {

// einsum of an equation, with as many operands as a case has.
auto one(const char* equation) {
  return [=](const Tensor& x) { return einsum(equation, x); };
}
auto two(const char* equation) {
  return [=](const Tensor& x, const Tensor& y) { return einsum(equation, {x, y}); };
}
auto three(const char* equation) {
  return [=](const Tensor& x, const Tensor& y, const Tensor& z) { return einsum(equation, {x, y, z}); };
}

void refuse(Row& row, const char* equation, const char* why, SourceLine line = SourceLine::current()) {
  row.fails(
      "einsum: " + std::string(why),
      [=] {
        einsum(equation, TensorList({zeros({2, 3}), zeros({3, 4})}, line));
      },
      line);
}

}  // namespace

void add_einsum_rows(Table& t) {
  const Tensor a = f64({{1, 2}, {3, 4}}), b = f64({{5, 6}, {7, 8}});
  Row& row = t.row("einsum", two("ij,jk->ik"));
  row.on({{2, 3}, {3, 4}})
      .on({{1, 1}, {1, 1}})
      .on({{0, 3}, {3, 2}})
      .on({{2, 0}, {0, 3}})
      .on({{2, 3}, {4, 3}}, two("ij,kj->ik"))
      .on({{3, 2}, {3, 4}}, two("ji,jk->ik"))
      .on({{2, 3}, {3, 4}}, two("ij,jk->ki"))
      .on({{2, 3}, {3, 4}}, two("ij,jk->k"))
      .on({{2, 3}, {3, 2}}, two("ij,kl->"))
      .on({{4}, {4}}, two("i,i->"))
      .on({{4}, {4}}, two("i,i->i"))
      .on({{4}, {3}}, two("i,j->ji"))
      .on({{3, 4}, {3, 4}}, two("bi,bi->b"))
      .on({{2, 3, 4}, {2, 4, 2}}, two("bij,bjk->ikb"))
      .on({{2, 3, 4}, {2, 2, 4}}, two("bij,bkj->bik"))
      .on({{2, 3, 2, 2}, {2, 2, 2, 2}}, two("bqhd,bkhd->bhqk"))
      .on({{2, 2, 3}, {3, 2}}, two("...ij,...jk->...ik"))
      .on({{2, 1, 1, 3}, {3, 3, 2}}, two("...ij,...jk"))
      .on({{2, 3}, {1}}, two("ij,j->ij"))
      .on({{1, 3}, {4, 3}}, two("ij,ij->"))
      .on({Shape{}, {3}}, two(",i->i"))
      .on({{3, 3}, {3}}, two("ii,i->i"))
      .on({{2, 3}}, one("ij->ji"))
      .on({{2, 3}}, one("ij->ij"))
      .on({{2, 3}}, one("ij->j"))
      .on({{2, 3}}, one("ij->"))
      .on({{3, 3}}, one("ii"))
      .on({{3, 3}}, one("ii->i"))
      .on({{0, 0}}, one("ii->i"))
      .on({{3, 2, 3}}, one("iji->ij"))
      .on({{2, 2, 2}}, one("iii->i"))
      .on({{2, 2, 3, 3}}, one("iijj->ij"))
      .on({{2, 3, 3}}, one("...ii->...i"))
      .on({{2, 2, 3}}, one("...i->i"))
      .on({{2, 3}, {3, 4}, {4, 2}}, three("ij,jk,kl->il"))
      .on({{2, 3}, {3, 4}, {2, 4}}, three("bi,ij,bj->b"))
      .on({{3}, {3}, {3}}, three("i,i,i->i"))
      .everywhere_smooth("multilinear")
      .gives({a, b}, f64({{19, 22}, {43, 50}}))
      .gives({a, b}, f64({{19, 22}, {43, 50}}), two(" i j , j k "))
      .gives({a, b}, f64({{19, 43}, {22, 50}}), two("ij,jk->ki"))
      .gives({a, b}, f64(70), two("ij,ij->"))
      .gives({a, b}, f64({17, 53}), two("ij,ij->i"))
      .gives({a}, f64({{1, 3}, {2, 4}}), one("ba"))
      .gives({a}, f64({{1, 3}, {2, 4}}), one("aB"))
      .gives({a}, f64(5), one("ii"))
      .gives({a}, f64({1, 4}), one("ii->i"))
      .gives({a}, f64({4, 6}), one("...i->i"))
      .gives({a}, f64({{1, 3}, {2, 4}}), one("i..."))
      .gives({f64(3)}, f64(3), one("->"));
  row.fails("einsum: undefined tensor", [] { return einsum("i", Tensor()); })
      .fails("einsum: got int64, expected float32 or float64: convert with to()", [] { return einsum("i", i64({1})); })
      .fails("einsum: operand 1 is float64, expected float32 like operand 0",
             [] {
               return einsum("i,i", {zeros({1}), f64({1})});
             })
      .fails("einsum: the equation \"i\" has 1 term for 0 operands", [] { return einsum("i", std::vector<Tensor>{}); })
      .fails("einsum: axis -1 of the ellipsis is 4 in operand 1, expected 3 as in an earlier operand",
             [] {
               return einsum("...,...", {zeros({3}), zeros({4})});
             })
      .fails("einsum: axis 'i' is 2 and 3 in operand 0 of shape [2, 3]",
             [] {
               return einsum("ii", zeros({2, 3}));
             })
      .fails("einsum: a product of operands has 10 axes, expected at most 8", [] {
        return einsum("abcde,fghij->abcdefghij", {zeros({1, 1, 1, 1, 1}), zeros({1, 1, 1, 1, 1})});
      });
  refuse(row, "ij,ik", "axis 'i' is 3 in operand 1, expected 2 as in an earlier operand");
  refuse(row, "ij", "the equation \"ij\" has 1 term for 2 operands");
  refuse(row, "", "the equation \"\" has 1 term for 2 operands");
  refuse(row, "ij,jk,k", "the equation \"ij,jk,k\" has 3 terms for 2 operands");
  refuse(row, "ijk,jk", "operand 0 has shape [2, 3], but its term \"ijk\" names 3 axes");
  refuse(row, "ij,j", "operand 1 has shape [3, 4], but its term \"j\" names 1 axis");
  refuse(row, "ij,jk->ii", "the equation \"ij,jk->ii\" has 'i' twice in its result");
  refuse(row, "ij,jk->iz", "the equation \"ij,jk->iz\" has 'z' in the result but in no operand");
  refuse(row, "ij,j1", "the equation \"ij,j1\" has '1' at position 4, expected letters, ',', '...' or '->'");
  refuse(row, "i..j,jk", "the equation \"i..j,jk\" has '.' at position 1, expected letters, ',', '...' or '->'");
  refuse(row, "ij,jk-ik", "the equation \"ij,jk-ik\" has '-' at position 5, expected letters, ',', '...' or '->'");
  refuse(row, "ij,jk->i,k", "the equation \"ij,jk->i,k\" has ',' at position 8, expected letters or '...' for the one result");
  refuse(row, "ij,jk->i->k", "the equation \"ij,jk->i->k\" has '-' at position 8, expected letters or '...' for the one result");
  refuse(row, "...i...,jk", "the equation \"...i...,jk\" has two ellipses in one term");
}

}  // namespace chainrule::test
