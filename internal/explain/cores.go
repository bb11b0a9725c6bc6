package explain

// cores are what computing waits for: whoever decodes, explains or draws holds one,
// and nobody who waits for something else does. So the goroutines of a session, each
// times the threads of an operator, never want more processors than there are.
type cores chan struct{}

func (c cores) take() { c <- struct{}{} }
func (c cores) give() { <-c }
