package preprocess_test

import (
	"fmt"

	"github.com/torchlight-go/torchlight/gradcam/preprocess"
)

func Example() {
	photo, err := preprocess.DecodeFile("testdata/source/cat.png", preprocess.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	in, err := preprocess.ImageNet(3).Apply(photo)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(in.Array().Shape)
	fmt.Printf("%+v\n", in.Geometry)
	fmt.Printf("%.4f\n", in.Data[:3])

	// Output:
	// [1 3 224 224]
	// {OriginalW:101 OriginalH:77 ResizedW:335 ResizedH:256 CropX:56 CropY:16 CropW:224 CropH:224}
	// [0.1768 0.1083 0.1254]
}

func ExamplePipeline() {
	// Grey digits, as most MNIST checkpoints want them.
	digits := preprocess.Pipeline{
		Resize: []int{28, 28}, Interpolation: preprocess.Bicubic,
		Channels: 1, Mean: []float64{0.1307}, Std: []float64{0.3081},
	}
	in, err := digits.Apply(preprocess.NewImage(100, 80))
	fmt.Println(in.Array().Shape, in.Data[0], err)

	digits.Channels = 3
	_, err = digits.Apply(preprocess.NewImage(100, 80))
	fmt.Println(err)

	// Output:
	// [1 1 28 28] -0.42421296 <nil>
	// preprocess: invalid pipeline: Mean [0.1307]: want 3 numbers, one a channel
}

func ExampleGeometry_ToOriginal() {
	g, _ := preprocess.ImageNet(3).Geometry(640, 480)
	x, y := g.ToOriginal(112, 112) // the middle of what the network saw
	fmt.Printf("%.1f %.1f\n", x, y)

	// Output:
	// 319.1 240.0
}
