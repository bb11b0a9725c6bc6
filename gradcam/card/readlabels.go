package card

// ReadLabels reads a file of class names, one a line, as labels_file names it: for
// labels that are given besides a card or instead of one.
func ReadLabels(path string) ([]string, error) { return readLabels(path) }
