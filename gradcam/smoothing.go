package gradcam

// WithEigenSmoothing replaces the sum over channels by the projection of the
// weighted channels on their first principal component, pytorch-grad-cam's
// eigen_smooth (Muhammad and Yeasin 2020, arXiv:2008.00299, after it): less
// noise, and no longer the formula that the method's paper argues for. It
// applies to the methods that sum weighted channels, to the others it does
// nothing. The sign of a component is arbitrary: here the value of largest
// magnitude is positive, where pytorch-grad-cam takes what LAPACK returns. Off by
// default.
func WithEigenSmoothing() Option {
	return func(e *Explainer) error {
		e.eigenSmoothing = true
		return nil
	}
}
