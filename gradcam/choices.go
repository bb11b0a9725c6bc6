package gradcam

// Choices are the words of the rules, for commands.
func (PathRule) Choices() []string {
	return []string{"gauss-legendre", "riemann-left", "riemann-right", "riemann-middle", "riemann-trapezoid"}
}

// Choices are the words of the interpolations, for commands.
func (Interpolation) Choices() []string { return []string{"nearest", "linear"} }
