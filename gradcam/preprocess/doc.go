// Package preprocess turns the bytes of a photo into the tensor a network was
// trained on: decoding, resizing, cropping, scaling and normalising, each with
// the numbers that Pillow and torchvision produce. Nothing here knows about
// networks or explanations; what belongs here is everything between a file and
// the first layer, and the [Geometry] that leads back from there to the photo.
//
//	img, err := preprocess.DecodeFile("cat.jpg", preprocess.Options{})
//	in, err := preprocess.ImageNet(3).Apply(img)
//	x := in.Array() // engine.Array of shape [1,3,224,224]
//
// The package is pure Go. How close it comes to the Python side:
//
//   - PNG and GIF decode to the values of PIL.Image.open(f).convert("RGB"),
//     which is torchvision's loader, bit for bit.
//   - JPEG goes through image/jpeg's entropy decoder and inverse DCT and from
//     there through libjpeg's chroma upsampling and colour conversion. The two
//     DCTs round differently: at most 3 of 255 levels, 0.03 on average.
//   - The [PIL] pipeline's resize is Pillow's, bit for bit, and so are scaling
//     and normalising. The [Tensor] pipeline follows torchvision's resize of a
//     uint8 tensor, in float with antialias; a value that lands on a half may
//     round the other way.
//
// What the loader of torchvision does not do is not done here either, unless
// asked: EXIF orientation is off by default ([Options.Orient]), colour profiles
// and gamma are ignored, alpha is dropped rather than blended.
package preprocess
