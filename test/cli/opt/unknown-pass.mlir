// strata opt %s --passes canonicalise
func.func @main() {
  return
}
// ===== output
// STR0201 there is no pass 'canonicalise'. Did you mean 'canonicalize'? 'strata opt --list' shows all.
