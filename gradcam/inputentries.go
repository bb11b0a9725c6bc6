package gradcam

// inputEntries lists the input attributions.
func inputEntries() []Entry {
	return []Entry{
		{Saliency{}, InputAttribution, "magnitude of the gradient by the input (Simonyan et al. 2013)"},
		{InputXGradient, InputAttribution, "gradient by the input times the input (Shrikumar et al. 2016)"},
		{IntegratedGradients{}, InputAttribution, "gradient integrated on the way from a baseline (Sundararajan et al. 2017)"},
		{SmoothGrad{}, InputAttribution, "mean saliency of noisy inputs (Smilkov et al. 2017)"},
		{SquareGrad{}, InputAttribution, "mean squared saliency of noisy inputs (Hooker et al. 2018)"},
		{VarGrad{}, InputAttribution, "variance of the saliency of noisy inputs (Adebayo et al. 2018)"},
		{GradientSHAP{}, InputAttribution, "gradients at random points between inputs and baselines (Lundberg and Lee 2017)"},
		{GuidedBackprop, InputAttribution, "positive gradients through open rectifiers (Springenberg et al. 2014)"},
		{GuidedGradCAM{}, InputAttribution, "guided backpropagation times the enlarged Grad-CAM (Selvaraju et al. 2017)"},
		{Deconvnet, InputAttribution, "positive gradients through all rectifiers (Zeiler and Fergus 2013)"},
	}
}

// layerEntries lists the layer attributions.
func layerEntries() []Entry {
	return []Entry{
		{LayerIntegratedGradients{}, LayerAttribution, "gradient integrated on the way of the activation (Sundararajan et al. 2017)"},
		{Conductance{}, LayerAttribution, "flow through the layer as inputs leave the baseline (Dhamdhere et al. 2018)"},
	}
}
