package oracletest

import (
	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
)

// Stack joins one array a result along a new first axis.
func Stack(results []gradcam.Result, of func(gradcam.Result) engine.Array) engine.Array {
	var all engine.Array
	for _, r := range results {
		a := of(r)
		all.Shape = append([]int{len(results)}, a.Shape...)
		all.Data = append(all.Data, a.Data...)
	}
	return all
}

// Raw are the raw maps of one layer, by its position among the explained ones.
func Raw(results []gradcam.Result, layer int) engine.Array {
	return Stack(results, func(r gradcam.Result) engine.Array { return r.Raw[layer].Values })
}

// Map are the finished maps.
func Map(results []gradcam.Result) engine.Array { return Stack(results, gradcam.Result.Map) }

// Classes are the logits of the classes as targets, one a sample.
func Classes(classes []int) []gradcam.Target {
	targets := make([]gradcam.Target, len(classes))
	for n, c := range classes {
		targets[n] = gradcam.Class(c)
	}
	return targets
}
