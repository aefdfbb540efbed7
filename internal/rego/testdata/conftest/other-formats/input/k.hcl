a "b" {
  c = true
}
