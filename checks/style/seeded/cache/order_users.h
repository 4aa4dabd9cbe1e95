// Accesses that use the ledger, and one that does not.
void use() {
  word.store(1, orders::paired_write);
  word.load(orders::paired_read);
  word.load(orders::lone);
  word.load(orders::one_sided);
  word.load(orders::unpaired);
  word.load(orders::unnumbered);
  word.load(orders::repeated);
  word.load(orders::unexplained);
  word.load(orders::explained);
  word.load(memory_order::relaxed);  // caught by orders
}
