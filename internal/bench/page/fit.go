package page

import (
	"errors"
	"math"
)

// Fit is a power law y = Factor * x^Exponent.
type Fit struct {
	Exponent, Factor float64
	// Error is the standard error of the exponent, by the residuals.
	Error  float64
	Points int
}

// FitPower fits a power law by least squares on logarithms, so that every point
// weighs the same in relative terms. It needs three points with positive
// coordinates.
func FitPower(x, y []float64) (Fit, error) {
	n := float64(len(x))
	if len(x) != len(y) || len(x) < 3 {
		return Fit{}, errors.New("a power law is fitted to three points or more, with an x and a y each")
	}
	u, v := make([]float64, len(x)), make([]float64, len(y))
	var meanU, meanV float64
	for i := range x {
		if x[i] <= 0 || y[i] <= 0 {
			return Fit{}, errors.New("a power law is fitted to positive numbers")
		}
		u[i], v[i] = math.Log(x[i]), math.Log(y[i])
		meanU += u[i] / n
		meanV += v[i] / n
	}
	var uu, uv float64
	for i := range u {
		uu += (u[i] - meanU) * (u[i] - meanU)
		uv += (u[i] - meanU) * (v[i] - meanV)
	}
	if uu == 0 {
		return Fit{}, errors.New("a power law is fitted to different x")
	}
	f := Fit{Exponent: uv / uu, Points: len(x)}
	offset := meanV - f.Exponent*meanU
	f.Factor = math.Exp(offset)
	var rest float64
	for i := range u {
		r := v[i] - offset - f.Exponent*u[i]
		rest += r * r
	}
	f.Error = math.Sqrt(rest / (n - 2) / uu)
	return f, nil
}
