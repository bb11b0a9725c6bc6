package gradcam

// formula is one method of the CAM family.
type formula struct {
	name    CAM
	family  Family
	summary string
	// weigh writes the weighted activation of one channel. a, g and dst have one
	// value a position; g is nil for methods without a gradient.
	weigh func(dst, a, g []float32)
	// project makes a map of all weighted channels of a sample; nil is their sum.
	project func(weighted []float32, channels int) []float64
	finish  Finish
}

// formulas lists the family in the order in which it is shown.
func formulas() []formula {
	return []formula{
		{GradCAM, ActivationMaps, "channels weighted by their mean gradient (Selvaraju et al. 2017)", pooledGradient, nil, Normalise},
		{Seed, ActivationMaps, "gradient times activation, of the class's probability, not normalised", gradientTimesActivation, nil, Clip},
		{HiResCAM, ActivationMaps, "gradient times activation, place by place (Draelos and Carin 2020)", gradientTimesActivation, nil, Normalise},
		{GradCAMPlusPlus, ActivationMaps, "channels weighted by positive gradients and curvature (Chattopadhay et al. 2018)", curvedGradient, nil, Normalise},
		{XGradCAM, ActivationMaps, "channels weighted by gradient times their share of activation (Fu et al. 2020)", sharedGradient, nil, Normalise},
		{LayerCAM, ActivationMaps, "positive gradient times activation, place by place (Jiang et al. 2021)", positiveGradient, nil, Normalise},
		{ElementWise, ActivationMaps, "gradient times activation where that is positive (pytorch-grad-cam)", positiveProduct, nil, Normalise},
		{EigenGradCAM, ActivationMaps, "first principal component of gradient times activation (pytorch-grad-cam)", gradientTimesActivation, principal, Normalise},
		{SegEigenCAM, ActivationMaps, "first principal component of |gradient| times activation (Chung and Ying 2025)", gradientSize, principal, Normalise},
		{EigenCAM, GradientFree, "principal component of the activation, of no class (Muhammad and Yeasin 2020)", activationAlone, principal, Normalise},
	}
}

func camEntries() []Entry {
	return append(formulaEntries(ActivationMaps),
		Entry{FullGrad{}, ActivationMaps, "what the input and every bias contribute (Srinivas and Fleuret 2019)"},
		Entry{OriginalCAM{}, ActivationMaps, "channels weighted by the linear layer behind global pooling (Zhou et al. 2016)"},
		Entry{ShapleyCAM{}, ActivationMaps, "Grad-CAM to second order (Cai 2025)"},
		Entry{SmoothGradCAMPlusPlus{}, ActivationMaps, "Grad-CAM++ with gradients averaged over noisy inputs (Omeiza et al. 2019)"},
		Entry{FinerCAM{}, ActivationMaps, "Grad-CAM of a class against those most alike (Zhang et al. 2025)"},
		Entry{RefineCAM{}, ActivationMaps, "the product of several layers' Grad-CAM++ (arXiv:2605.14641)"})
}

// activationEntries are the methods that look at the activation alone.
func activationEntries() []Entry {
	return append(formulaEntries(GradientFree),
		Entry{KPCACAM{}, GradientFree, "first kernel PCA component of the activation, of no class (Karmani et al. 2024)"},
		Entry{FEM{}, GradientFree, "channels weighted by how often they stand out, of no class (Fuad et al. 2020)"})
}

func formulaEntries(family Family) []Entry {
	var all []Entry
	for _, f := range formulas() {
		if f.family == family {
			all = append(all, Entry{f.name, f.family, f.summary})
		}
	}
	return all
}
