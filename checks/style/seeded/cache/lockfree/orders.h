// Entries of a ledger, right and wrong.
namespace triecheck::inline v0_1::orders {

// (1) with (2): a pair that names each other.
inline constexpr memory_order paired_write = memory_order::release;
// (2) with (1): the other end.
inline constexpr memory_order paired_read = memory_order::acquire;
// (3) alone: needs no partner.
inline constexpr memory_order lone = memory_order::relaxed;
// (4) with (1): (1) does not name it.
inline constexpr memory_order one_sided = memory_order::acquire;  // caught by orders
// (5) with (9): there is no (9).
inline constexpr memory_order unpaired = memory_order::acquire;  // caught by orders
// Without a number.
inline constexpr memory_order unnumbered = memory_order::relaxed;  // caught by orders
// (3) alone: a number twice.
inline constexpr memory_order repeated = memory_order::relaxed;  // caught by orders
// (6) alone: as strong as it gets, and no word why.
inline constexpr memory_order unexplained = memory_order::seq_cst;  // caught by orders
// (7) alone: seq_cst, and here it says so.
inline constexpr memory_order explained = memory_order::seq_cst;
// (8) alone: nobody uses it.
inline constexpr memory_order unused = memory_order::relaxed;  // caught by orders

}  // namespace triecheck::orders
